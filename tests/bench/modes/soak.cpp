// Soak: everything at once for a time, then draining. Meant for a server built with sanitizers, too
// (--server). Chaos: the same, with a server whose parts crash at random.
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/soak_dialogue.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"
#include "tests/support/metrics_balance.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lmq::bench {

namespace {

using std::chrono::milliseconds;

constexpr int curve_points = 20;
constexpr std::chrono::seconds draining_max{60};

/// A server that fails on purpose is asked again.
control_answer insist(const server& lmq, std::string_view method, const std::string& target,
                      std::string_view body = {}) {
  for (int tries = 0; tries < 100; ++tries)
    if (auto answer = ask(lmq.at, method, target, body); answer && answer->status != 503)
      return *answer;
  throw std::runtime_error{fmt::format("{} {} found nobody in 100 tries", method, target)};
}

void prepare_queue(const server& lmq, const std::string& queue, std::string_view accum) {
  const auto answer =
    insist(lmq, "PATCH", "/properties/" + queue,
           fmt::format(R"({{"accum":{},"retry":1000000,"timeout":{}}})", accum, soak_lease.count()));
  if (answer.status != 204)
    throw std::runtime_error{
      fmt::format("PATCH /properties/{} was answered with {} {}", queue, answer.status, answer.body)};
}

std::vector<std::string> counted_queues() {
  auto queues = queue_names("soak-plain", soak_plain_queues);
  queues.push_back("soak-acc-0");
  return queues;
}

void say_curve(report& out, const std::vector<double>& mebibytes) {
  std::string text = "resident MiB over time:";
  for (const auto value : mebibytes)
    text += fmt::format(" {:.0f}", value);
  out.say(text);
  out.data()["resident_mib"] = mebibytes;
}

void say_ledger(report& out, const soak_world& world) {
  std::string text = "done:";
  for (const auto& [name, count] : world.done)
    text += fmt::format(" {} {},", name, count);
  text.pop_back();
  out.say(text);
  out.data()["done"] = world.done;
  const auto& ledger = world.ledger;
  out.figure("pushes", static_cast<double>(ledger.pushes()), "", "pushes answered with 200");
  out.figure("acks", static_cast<double>(ledger.acks()), "",
             "messages acknowledged (each part of a compound is one)");
  out.figure("deliveries", static_cast<double>(ledger.deliveries()), "", "deliveries");
  out.figure("uncertain", static_cast<double>(ledger.uncertain()), "",
             "of which no answer tells whether they were done");
  for (const auto& line : ledger.contradictions())
    out.say("  " + line);
  for (const auto* lines : {&world.complaints, &world.hung})
    for (const auto& line : *lines)
      out.say("  " + line);
}

std::uint64_t size_of(const server& lmq, const std::string& queue) {
  auto stats = nlohmann::json::parse(insist(lmq, "GET", "/stats").body);
  return stats["queues"].contains(queue) ? stats["queues"][queue]["size"].get<std::uint64_t>() : 0;
}

void say_crashes(report& out, const server& lmq, const loop_result& load) {
  auto health = ask(lmq.at, "GET", "/health");
  if (!health)
    throw std::runtime_error{"GET /health had no answer"};
  const auto restarts = nlohmann::json::parse(health->body).at("restarts");
  std::uint64_t crashes = 0;
  for (const auto& [part, count] : restarts.items()) {
    out.figure("crashes_" + part, count.get<double>(), "", "crashes: " + part);
    crashes += count.get<std::uint64_t>();
  }
  out.figure("p50_us", static_cast<double>(load.latency.percentile(0.50)) / 1000, "µs", "p50");
  out.figure("max_us", static_cast<double>(load.latency.max()) / 1000, "µs", "longest");
  out.check("the server did fail (it is built with LMQ_FAULTS)", crashes > 0);
}

/// What an operator does who sees a queue that is down.
void revive_queues(const server& lmq) {
  for (const auto& queue : counted_queues())
    ask(lmq.at, "POST", "/queues/" + queue + "/revive");
}

enum class course { calm, chaos };

void run(const options& wanted, report& out, course how) {
  auto lmq = launch_lmq(wanted.lmq);
  auto world = std::make_shared<soak_world>();
  world->faults = how == course::chaos;
  world->server = lmq.at;
  world->body_bytes = wanted.body_bytes;
  world->random.seed(wanted.seed);
  for (const auto& queue : counted_queues())
    prepare_queue(lmq, queue, queue.starts_with("soak-acc") ? "0.2" : "0");

  auto plan = plan_for(wanted, lmq);
  plan.warm_up = {};
  plan.duration = milliseconds{static_cast<std::int64_t>(wanted.soak_seconds * 1000)};
  plan.every = std::max(milliseconds{100}, plan.duration / curve_points);
  std::vector<double> resident;
  const auto sample = [&] {
    resident.push_back(static_cast<double>(resident_bytes(lmq.pid)) / (1 << 20));
    if (how == course::chaos)
      revive_queues(lmq);
  };
  plan.on_tick = sample;
  sample();
  const auto make = [&](unsigned) { return make_soak_dialogue(world); };
  out.say(
    fmt::format("{} connections for {} s, seed {}", plan.connections, wanted.soak_seconds, wanted.seed));
  const auto mixed = run_closed_loop(plan, make);

  if (how == course::chaos)
    kill(lmq.pid, SIGUSR1); // enough: what is left is taken out of a server that is well again
  world->draining = true;
  world->draining_since = std::chrono::steady_clock::now();
  auto draining = plan;
  draining.duration = draining_max;
  draining.every = how == course::chaos ? milliseconds{500} : milliseconds{};
  const auto drained = run_closed_loop(draining, make);
  sample();

  out.figure("requests_per_second", static_cast<double>(mixed.requests) / mixed.seconds, "1/s",
             "requests, mixed load");
  out.figure("p99_us", static_cast<double>(mixed.latency.percentile(0.99)) / 1000, "µs",
             "p99, waiting pulls included");
  say_curve(out, resident);
  say_ledger(out, *world);
  const auto& ledger = world->ledger;
  if (how == course::chaos) {
    say_crashes(out, lmq, mixed);
    out.check("every answer was the one asked for, or 503", world->complaints.empty());
    out.check("no request hung", mixed.unanswered + drained.unanswered == 0 && world->hung.empty());
  } else {
    out.check("every answer was the one asked for", mixed.errors + drained.errors == 0);
  }
  std::uint64_t left = 0;
  for (const auto& queue : counted_queues())
    left += size_of(lmq, queue);
  out.check("pushes = acks: each message that was accepted has been acknowledged",
            ledger.outstanding() == 0 && ledger.acked_pushes() + ledger.uncertain() >= ledger.pushes());
  out.check("none was acknowledged twice, delivered after its ack, or came from nowhere",
            ledger.contradiction_count() == 0);
  out.check("nothing is left in the queues", left == 0);
  const auto metrics = ask(lmq.at, "GET", "/metrics");
  const auto balance = testing::balance_of(metrics ? metrics->body : "");
  out.check(
    fmt::format("its counts add up: {} came, {} went or are here", balance.came, balance.went_or_here),
    balance.holds());
  if (how == course::calm) {
    delete_queues(lmq, counted_queues());
    delete_queues(lmq, queue_names("soak-doomed", soak_doomed_queues));
  }
  if (lmq.child) {
    const auto status = lmq.child->stop();
    out.check(fmt::format("the server ends with 0 (it did with {})", status), status == 0);
    if (status != 0)
      out.say(lmq.child->last_output());
  }
}

} // namespace

void run_soak(const options& wanted, report& out) {
  run(wanted, out, course::calm);
}

void run_chaos(const options& wanted, report& out) {
  setenv("LMQ_FAULT_SEED", std::to_string(wanted.seed).c_str(), 1);
  setenv("LMQ_FAULT_PLAN", wanted.fault_plan.c_str(), 1);
  out.say(fmt::format("fault plan {}", wanted.fault_plan));
  run(wanted, out, course::chaos);
}

} // namespace lmq::bench
