// Counts events and averages their rate: a folsom meter without its timer. Eight words, no allocation; a
// queue's stats own two. Runs on the thread of the queue's actor; time is handed in.
#pragma once

#include "actors/stats/report.hpp"
#include "core/time.hpp"

#include <array>
#include <cstdint>

namespace lmq {

/// The rates are those of folsom's meters, which the original used: time is cut into intervals of 5 s from
/// the start on, and at the end of each, with r the events a second within it,
///
///   rate = r                               after the first interval
///   rate = rate + (1 - exp(-5 s / T)) * (r - rate)       after any other; T is 1, 5, 15 minutes or a day
///
/// so all four are 0 for the first 5 s, and a young queue's day is the average of its life. Nobody has to
/// tick: intervals that ended are made up for by the next `mark`, and in a copy by `report`, however many
/// they are.
class meter {
public:
  static constexpr std::chrono::seconds interval{5};

  /// @param now  the start, from which intervals and the mean are measured
  explicit meter(time_point now) noexcept : start_(now), interval_end_(now + interval) {}

  /// @param now  counts as the current interval's if it lies before it
  /// Cost: two additions; the first one after an interval's end also a few exponentials
  void mark(time_point now, std::uint64_t n = 1) noexcept {
    if (now >= interval_end_) [[unlikely]]
      end_intervals(now);
    count_ += n;
  }

  std::uint64_t count() const noexcept { return count_; }

  /// Rates are events a second; `mean` is the count over the time since the start, 0 at the start itself.
  /// An acceleration is the difference of two rates over that of their times: (one - five) / 300 s,
  /// (five - fifteen) / 600 s, (one - fifteen) / 900 s. The divisors are folsom's.
  meter_report report(time_point now) const noexcept;

private:
  static constexpr std::size_t rates = 4; // 1, 5, 15 minutes, a day

  void end_intervals(time_point now) noexcept;

  std::uint64_t count_ = 0;
  std::uint64_t counted_ = 0; // of these, in intervals that ended
  time_point start_;
  time_point interval_end_; // of the current one; it begins at the end of the one before
  std::array<double, rates> rates_{};
};

// A node may hold 10,000 queues, each with two meters.
static_assert(sizeof(meter) <= 64);

} // namespace lmq
