// Large: a queue must be as fast with a million messages as with ten.
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <fmt/format.h>

namespace lmq::bench {

namespace {

constexpr std::uint64_t few = 10;

} // namespace

void run_large(const options& wanted, report& out) {
  const auto lmq = launch_lmq(wanted.lmq);
  const auto plan = plan_for(wanted, lmq);
  const std::string small = "bench-small";
  const std::string large = "bench-large";
  fill(plan, small, few, wanted.body_bytes);
  const auto filled = fill(plan, large, wanted.messages, wanted.body_bytes);
  out.figure("filled_per_second", filled.units_per_second(), "1/s",
             fmt::format("pushed, {} in all", filled.units));

  std::vector<run_figures> with_few;
  std::vector<run_figures> with_many;
  std::vector<double> speed_ratios;
  std::vector<double> p99_ratios;
  const auto measure = [&](const std::string& queue) {
    return figures_of(run_load(plan, workload::cycle, {queue}, wanted.body_bytes), resident_bytes(lmq.pid));
  };
  for (unsigned round = 0; round < wanted.rounds; ++round) {
    with_few.push_back(measure(small));
    with_many.push_back(measure(large));
    speed_ratios.push_back(with_many.back().per_second / with_few.back().per_second);
    p99_ratios.push_back(with_many.back().p99_us / with_few.back().p99_us);
  }
  const auto size = queue_size(lmq.at, large);
  out.table_head();
  out.table_row(fmt::format("cycle at {}", few), "lmq", median_of(with_few));
  out.table_row(fmt::format("cycle at {}", wanted.messages), "lmq", median_of(with_many));
  out.data()["runs"] = {{{"messages", few}, {"median", to_json(median_of(with_few))}},
                        {{"messages", wanted.messages}, {"median", to_json(median_of(with_many))}}};
  out.figure("large_to_small", median(std::move(speed_ratios)), "ratio", "cycles a second, many / few");
  out.figure("large_to_small_p99", median(std::move(p99_ratios)), "ratio", "p99, many / few");
  out.check("no answer was wrong, and no message was lost or doubled",
            median_of(with_few).errors + median_of(with_many).errors + filled.errors == 0 &&
              size == wanted.messages && queue_size(lmq.at, small) == few);
  delete_queues(lmq, {small, large});
}

} // namespace lmq::bench
