// Hostile: what a normal push load feels of clients that behave badly.
#include "tests/bench/load/attacker.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace lmq::bench {

namespace {

constexpr std::array all_attacks{attack::junk,   attack::dribble,  attack::silent,
                                 attack::vanish, attack::big_body, attack::big_header};

// What all rounds of one attack have shown.
struct attack_rounds {
  attack kind;
  std::vector<run_figures> load;
  std::vector<double> p99_ratios;
  std::vector<double> speed_ratios;
  attack_result sum;
};

void add_to(attack_result& sum, const attack_result& one) {
  sum.opened += one.opened;
  sum.not_opened += one.not_opened;
  sum.closed_by_server += one.closed_by_server;
  sum.cpu_seconds += one.cpu_seconds;
  for (const auto& [status, count] : one.answers)
    sum.answers[status] += count;
}

run_figures normal_load(const options& wanted, const server& lmq) {
  auto plan = plan_for(wanted, lmq);
  plan.connections = wanted.hostile_load_connections;
  const auto result = run_load(plan, workload::push, {"bench-normal"}, wanted.body_bytes);
  const auto figures = figures_of(result, resident_bytes(lmq.pid));
  delete_queue(lmq.at, "bench-normal");
  return figures;
}

void run_round(const options& wanted, const server& lmq, attack_rounds& rounds,
               std::vector<run_figures>& alone) {
  // Each attack has its own quiet run just before it to be compared with.
  alone.push_back(normal_load(wanted, lmq));
  attacker bad{{.server = lmq.at,
                .kind = rounds.kind,
                .held = wanted.hostile_connections,
                .rate = wanted.hostile_rate,
                .seed = wanted.seed}};
  rounds.load.push_back(normal_load(wanted, lmq));
  add_to(rounds.sum, bad.stop());
  rounds.p99_ratios.push_back(rounds.load.back().p99_us / alone.back().p99_us);
  rounds.speed_ratios.push_back(rounds.load.back().per_second / alone.back().per_second);
}

void say_attack(report& out, const attack_rounds& rounds) {
  const auto name = std::string{name_of(rounds.kind)};
  std::string answers;
  for (const auto& [status, count] : rounds.sum.answers)
    answers += fmt::format(", {} times {}", count, status);
  out.figure(
    "p99_ratio_" + name, median(rounds.p99_ratios), "ratio",
    fmt::format("p99 beside {} / alone; speed {:.2f}; {} connections, {} not opened, {} closed without an "
                "answer{}; attacker's CPU {:.1f} s",
                name, median(rounds.speed_ratios), rounds.sum.opened, rounds.sum.not_opened,
                rounds.sum.closed_by_server, answers, rounds.sum.cpu_seconds));
}

} // namespace

void run_hostile(const options& wanted, report& out) {
  const auto lmq = launch_lmq(wanted.lmq);
  std::vector<attack_rounds> attacks;
  for (const auto kind : all_attacks)
    if (wanted.attacks.empty() || std::ranges::find(wanted.attacks, name_of(kind)) != wanted.attacks.end())
      attacks.push_back({.kind = kind, .load = {}, .p99_ratios = {}, .speed_ratios = {}, .sum = {}});
  std::vector<run_figures> alone;
  out.say(fmt::format("normal load: {} connections; attacks: {} new connections a second, {} held",
                      wanted.hostile_load_connections, wanted.hostile_rate, wanted.hostile_connections));
  for (unsigned round = 0; round < wanted.rounds; ++round)
    for (auto& rounds : attacks)
      run_round(wanted, lmq, rounds, alone);

  out.table_head();
  out.table_row("push alone", "lmq", median_of(alone));
  std::uint64_t errors = median_of(alone).errors;
  for (const auto& rounds : attacks) {
    const auto middle = median_of(rounds.load);
    errors += middle.errors;
    out.table_row(fmt::format("push, {}", name_of(rounds.kind)), "lmq", middle);
    out.data()["runs"].push_back({{"attack", name_of(rounds.kind)}, {"median", to_json(middle)}});
  }
  for (const auto& rounds : attacks)
    say_attack(out, rounds);
  out.check("the normal load got every answer it asked for", errors == 0);
  const auto answer = ask(lmq.at, "GET", "/stats");
  out.check("the server answers afterwards", answer && answer->status == 200);
  out.check("no bad request has stored a message", queue_size(lmq.at, "hostile") == 0);
}

} // namespace lmq::bench
