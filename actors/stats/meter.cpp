#include "actors/stats/meter.hpp"

#include <cmath>
#include <cstddef>

namespace lmq {

namespace {

using seconds_f = std::chrono::duration<double>;

constexpr double interval_seconds = seconds_f(meter::interval).count();

// Seconds after which an event weighs 1/e in each of the rates.
constexpr std::array<double, 4> memory_seconds = {60, 300, 900, 86'400};

// What the newest interval weighs in each.
const std::array<double, 4> weight = {
  -std::expm1(-interval_seconds / memory_seconds[0]), -std::expm1(-interval_seconds / memory_seconds[1]),
  -std::expm1(-interval_seconds / memory_seconds[2]), -std::expm1(-interval_seconds / memory_seconds[3])};

} // namespace

// Events are all in the first of the intervals that ended. The others were idle, and k idle ones in a row
// multiply a rate by exp(-5 s / T)^k = exp(-k * 5 s / T).
void meter::end_intervals(time_point now) noexcept {
  const bool first = interval_end_ == start_ + interval;
  const auto idle = (now - interval_end_) / interval;
  const double idle_seconds = static_cast<double>(idle) * interval_seconds;
  const double r = static_cast<double>(count_ - counted_) / interval_seconds;
  for (std::size_t i = 0; i < rates; ++i) {
    rates_[i] = first ? r : rates_[i] + weight[i] * (r - rates_[i]);
    if (idle > 0)
      rates_[i] *= std::exp(-idle_seconds / memory_seconds[i]);
  }
  counted_ = count_;
  interval_end_ += (idle + 1) * interval;
}

meter_report meter::report(time_point now) const noexcept {
  auto then = *this;
  then.mark(now, 0);
  const auto [one, five, fifteen, day] = then.rates_;
  const double elapsed = seconds_f(now - start_).count();
  return {
    .count = count_,
    .one = one,
    .five = five,
    .fifteen = fifteen,
    .day = day,
    .mean = elapsed > 0 ? static_cast<double>(count_) / elapsed : 0,
    .one_to_five = (one - five) / 300,
    .five_to_fifteen = (five - fifteen) / 600,
    .one_to_fifteen = (one - fifteen) / 900,
  };
}

} // namespace lmq
