// RPC: the same cycles on the same server over both of its APIs, in interleaved rounds.
#include "tests/bench/load/rpc_driver.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

run_figures cycles_over_http(const options& wanted, const server& lmq,
                             const std::vector<std::string>& queues) {
  const auto result = run_load(plan_for(wanted, lmq), workload::cycle, queues, wanted.body_bytes);
  return figures_of(result, resident_bytes(lmq.pid));
}

run_figures cycles_over_rpc(const options& wanted, const server& lmq,
                            const std::vector<std::string>& queues) {
  const auto content = body_of(wanted.body_bytes);
  std::vector<shared_calls> calls;
  for (const auto& queue : queues)
    calls.push_back(std::make_shared<const queue_calls>(queue, content));
  auto plan = plan_for(wanted, lmq);
  plan.server = lmq.rpc;
  const auto result = run_closed_loop(
    plan, [&](unsigned number) { return make_rpc_cycle_dialogue(calls[number % calls.size()]); });
  return figures_of(result, resident_bytes(lmq.pid));
}

} // namespace

void run_rpc(const options& wanted, report& out) {
  if (!wanted.lmq.url.empty())
    throw std::runtime_error{"rpc starts its own server; it can't measure the one at --url"};
  const auto lmq = launch_lmq(wanted.lmq);
  const auto queues = queue_names("bench", wanted.queues);
  out.say(fmt::format("{} connections on one thread, {} bytes, {} queue(s), {} rounds of {} s after {} s "
                      "warm-up, lmq --threads {}",
                      wanted.connections, wanted.body_bytes, wanted.queues, wanted.rounds, wanted.seconds,
                      wanted.warm_up, wanted.lmq.threads));
  std::vector<run_figures> http;
  std::vector<run_figures> rpc;
  std::vector<double> speed_ratios;
  std::vector<double> p99_ratios;
  for (unsigned round = 0; round < wanted.rounds; ++round) {
    // Every other round runs backwards, so that neither is always the one after the other.
    if (round % 2 == 1)
      rpc.push_back(cycles_over_rpc(wanted, lmq, queues));
    http.push_back(cycles_over_http(wanted, lmq, queues));
    if (round % 2 == 0)
      rpc.push_back(cycles_over_rpc(wanted, lmq, queues));
    speed_ratios.push_back(rpc.back().per_second / http.back().per_second);
    p99_ratios.push_back(rpc.back().p99_us / http.back().p99_us);
  }
  out.table_head();
  out.table_row("cycle", "lmq http", median_of(http));
  out.table_row("cycle", "lmq rpc", median_of(rpc));
  out.data()["runs"] = {{{"wire", "http"}, {"median", to_json(median_of(http))}},
                        {{"wire", "rpc"}, {"median", to_json(median_of(rpc))}}};
  out.figure("rpc_to_http", median(std::move(speed_ratios)), "ratio", "cycles a second, RPC / HTTP");
  out.figure("rpc_p99_to_http", median(std::move(p99_ratios)), "ratio", "p99, RPC / HTTP");
  out.check("every answer was the one asked for", median_of(http).errors + median_of(rpc).errors == 0);
}

} // namespace lmq::bench
