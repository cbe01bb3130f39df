// Idle: a server that nobody uses should use nothing.
#include "tests/bench/load/interrupt.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <stdexcept>

namespace lmq::bench {

void run_idle(const options& wanted, report& out) {
  const auto lmq = launch_lmq(wanted.lmq);
  if (lmq.pid == 0)
    throw std::runtime_error{"CPU time can only be read with the server's --pid"};
  // Idle after use, not unborn: every part has run once and its timers, if any, are armed.
  auto plan = plan_for(wanted, lmq);
  plan.warm_up = {};
  plan.units_max = 1000;
  const auto used = run_load(plan, workload::cycle, {"bench-idle"}, wanted.body_bytes);
  out.check("the server works before it idles", used.units == plan.units_max && used.errors == 0);
  wait_until_quiet(lmq.pid);

  const auto cpu = cpu_seconds(lmq.pid);
  const auto switches = context_switches(lmq.pid);
  const auto since = std::chrono::steady_clock::now();
  let_pass(std::chrono::milliseconds{static_cast<std::int64_t>(wanted.idle_seconds * 1000)});
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  out.figure("cpu_percent", (cpu_seconds(lmq.pid) - cpu) / seconds * 100, "%", "of one core, idle");
  out.figure("switches_per_second", static_cast<double>(context_switches(lmq.pid) - switches) / seconds,
             "1/s", "context switches, idle");
  out.figure("resident_mib", static_cast<double>(resident_bytes(lmq.pid)) / (1 << 20), "MiB", "resident");
  delete_queue(lmq.at, "bench-idle");
}

} // namespace lmq::bench
