// Cluster: the same pushes to a node on its own and to one of two that are linked, in interleaved rounds.
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace lmq::bench {

namespace {

constexpr std::chrono::milliseconds linked_within{15'000};
constexpr std::chrono::milliseconds between_looks{50};

server launch_member(const lmq_options& how, const char* name, std::uint16_t port, std::uint16_t other) {
  auto with = how;
  with.extra.insert(with.extra.end(), {"--name", name, "--cluster", fmt::format("127.0.0.1:{}", port),
                                       "--join", fmt::format("127.0.0.1:{}", other)});
  return launch_lmq(with);
}

bool both_in_step(const server& node) {
  const auto answer = ask(node.at, "GET", "/cluster", {}, 2);
  if (!answer || answer->status != 200)
    return false;
  const auto told = nlohmann::json::parse(answer->body, nullptr, false);
  std::size_t in_step = 0;
  for (const auto& member : told.value("members", nlohmann::json::array()))
    in_step += member.value("state", "") == "in_step" ? 1 : 0;
  return told.value("serving", false) && in_step == 2;
}

void wait_until_linked(const server& node) {
  for (std::chrono::milliseconds waited{0}; !both_in_step(node); waited += between_looks) {
    if (waited >= linked_within)
      throw std::runtime_error{"the two nodes are not in step: see what they wrote"};
    std::this_thread::sleep_for(between_looks);
  }
}

run_figures pushes(const options& wanted, const server& to, const std::vector<std::string>& queues) {
  const auto result = run_load(plan_for(wanted, to), workload::push, queues, wanted.body_bytes);
  const auto figures = figures_of(result, resident_bytes(to.pid));
  delete_queues(to, queues);
  return figures;
}

} // namespace

void run_cluster(const options& wanted, report& out) {
  if (!wanted.lmq.url.empty())
    throw std::runtime_error{"cluster starts its own servers; it can't measure the one at --url"};
  const auto alone = launch_lmq(wanted.lmq);
  const auto a = find_free_port(), b = find_free_port();
  const auto anna = launch_member(wanted.lmq, "anna", a, b);
  const auto bert = launch_member(wanted.lmq, "bert", b, a);
  wait_until_linked(anna);
  wait_until_linked(bert);
  const auto queues = queue_names("bench", std::max(wanted.queues, 8U)); // homes on both nodes
  out.say(
    fmt::format("{} connections on one thread to one node, {} bytes, {} queues, {} rounds of {} s after {} s "
                "warm-up, lmq --threads {}; all on this machine",
                wanted.connections, wanted.body_bytes, queues.size(), wanted.rounds, wanted.seconds,
                wanted.warm_up, wanted.lmq.threads));
  std::vector<run_figures> one, two;
  std::vector<double> ratios;
  for (unsigned round = 0; round < wanted.rounds; ++round) {
    if (round % 2 == 1)
      two.push_back(pushes(wanted, anna, queues));
    one.push_back(pushes(wanted, alone, queues));
    if (round % 2 == 0)
      two.push_back(pushes(wanted, anna, queues));
    ratios.push_back(two.back().per_second / one.back().per_second);
  }
  out.table_head();
  out.table_row("push", "one node", median_of(one));
  out.table_row("push", "two nodes", median_of(two));
  out.data()["runs"] = {{{"nodes", 1}, {"median", to_json(median_of(one))}},
                        {{"nodes", 2}, {"median", to_json(median_of(two))}}};
  out.figure("two_nodes_to_one", median(std::move(ratios)), "ratio", "pushes a second, two nodes / one");
  out.figure("two_nodes_p50", median_of(two).p50_us / 1000, "ms", "a replicated push, median");
  out.figure("two_nodes_p99", median_of(two).p99_us / 1000, "ms", "a replicated push, 99 %");
  out.check("every answer was the one asked for", median_of(one).errors + median_of(two).errors == 0);
}

} // namespace lmq::bench
