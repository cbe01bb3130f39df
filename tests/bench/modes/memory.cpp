// Memory: what a stored message costs beyond its body, and what the server gives back when all are gone.
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

constexpr auto queue = "bench-memory";

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

} // namespace

void run_memory(const options& wanted, report& out) {
  const auto lmq = launch_lmq(wanted.lmq);
  if (lmq.pid == 0)
    throw std::runtime_error{"memory can only be read with the server's --pid"};
  const auto before = resident_bytes(lmq.pid);
  out.figure("before_mib", mebibytes(before), "MiB", "before the first message");

  const auto plan = plan_for(wanted, lmq);
  const auto filled = fill(plan, queue, wanted.messages, wanted.body_bytes);
  const auto stored = queue_size(lmq.at, queue);
  wait_until_quiet(lmq.pid);
  const auto full = resident_bytes(lmq.pid);
  const auto a_message =
    (static_cast<double>(full) - static_cast<double>(before)) / static_cast<double>(stored) -
    static_cast<double>(wanted.body_bytes);
  out.figure("pushed_per_second", filled.units_per_second(), "1/s", "pushed");
  out.figure("full_mib", mebibytes(full), "MiB",
             fmt::format("with {} messages of {} bytes", stored, wanted.body_bytes));
  out.figure("bytes_per_message", a_message, "bytes", "for a message beyond its body");
  out.check(fmt::format("all {} pushes are stored", wanted.messages),
            stored == wanted.messages && filled.errors == 0);

  auto draining = plan;
  draining.warm_up = {};
  draining.duration = std::chrono::seconds{60 + wanted.messages / 1000};
  const auto drained = run_load(draining, workload::drain, {queue}, wanted.body_bytes);
  out.figure("drained_mib", mebibytes(resident_bytes(lmq.pid)), "MiB", "at once after draining");
  wait_until_quiet(lmq.pid);
  const auto after = resident_bytes(lmq.pid);
  out.figure("after_mib", mebibytes(after), "MiB", "when the server is quiet again");
  out.figure("after_to_before", static_cast<double>(after) / static_cast<double>(before), "ratio",
             "after draining / at the start");
  out.figure("drained_per_second", drained.units_per_second(), "1/s", "drained (pull and ack)");
  out.check("as many were drained as stored, and none is left",
            drained.units == stored && drained.errors == 0 && queue_size(lmq.at, queue) == 0);
  delete_queue(lmq.at, queue);
}

} // namespace lmq::bench
