// Soak: everything at once for a time, then draining. Meant for a server built with sanitizers, too
// (--server).
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/soak_dialogue.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

using std::chrono::milliseconds;

constexpr int curve_points = 20;
constexpr std::chrono::seconds draining_max{60};

void prepare_queue(const server& lmq, const std::string& queue, std::string_view accum) {
  const auto answer =
    ask(lmq.at, "PATCH", "/properties/" + queue,
        fmt::format(R"({{"accum":{},"retry":1000000,"timeout":{}}})", accum, soak_lease.count()));
  if (!answer || answer->status != 204)
    throw std::runtime_error{
      fmt::format("PATCH /properties/{} was answered with {}", queue,
                  answer ? std::to_string(answer->status) + " " + answer->body : "nothing")};
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
             "lost their connection before the answer");
  for (const auto& line : ledger.contradictions())
    out.say("  " + line);
  for (const auto& line : world.complaints)
    out.say("  " + line);
}

} // namespace

void run_soak(const options& wanted, report& out) {
  auto lmq = launch_lmq(wanted.lmq);
  auto world = std::make_shared<soak_world>();
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
  const auto sample = [&] { resident.push_back(static_cast<double>(resident_bytes(lmq.pid)) / (1 << 20)); };
  plan.on_tick = sample;
  sample();
  const auto make = [&](unsigned) { return make_soak_dialogue(world); };
  out.say(
    fmt::format("{} connections for {} s, seed {}", plan.connections, wanted.soak_seconds, wanted.seed));
  const auto mixed = run_closed_loop(plan, make);

  world->draining = true;
  world->draining_since = std::chrono::steady_clock::now();
  auto draining = plan;
  draining.duration = draining_max;
  draining.every = {};
  const auto drained = run_closed_loop(draining, make);
  sample();

  out.figure("requests_per_second", static_cast<double>(mixed.requests) / mixed.seconds, "1/s",
             "requests, mixed load");
  out.figure("p99_us", static_cast<double>(mixed.latency.percentile(0.99)) / 1000, "µs",
             "p99, waiting pulls included");
  say_curve(out, resident);
  say_ledger(out, *world);
  const auto& ledger = world->ledger;
  std::uint64_t left = 0;
  for (const auto& queue : counted_queues())
    left += queue_size(lmq.at, queue);
  out.check("every answer was the one asked for", mixed.errors + drained.errors == 0);
  out.check("pushes = acks: each message that was accepted has been acknowledged",
            ledger.outstanding() == 0 && ledger.acked_pushes() + ledger.uncertain() >= ledger.pushes());
  out.check("none was acknowledged twice, delivered after its ack, or came from nowhere",
            ledger.contradiction_count() == 0);
  out.check("nothing is left in the queues", left == 0);
  delete_queues(lmq, counted_queues());
  delete_queues(lmq, queue_names("soak-doomed", soak_doomed_queues));
  if (lmq.child) {
    const auto status = lmq.child->stop();
    out.check(fmt::format("the server ends with 0 (it did with {})", status), status == 0);
    if (status != 0)
      out.say(lmq.child->last_output());
  }
}

} // namespace lmq::bench
