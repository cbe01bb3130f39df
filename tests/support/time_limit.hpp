// How long a test waits, and for what: a moment that must not pass, and a watch that measures.
// Plain values over the steady clock; owned by whoever waits, used on one thread.
#pragma once

#include <chrono>

namespace lmq::testing {

using seconds = std::chrono::duration<double>;

/// What a test waits at most for an answer that must come: generous, for sanitizers and busy machines.
inline constexpr seconds answer_time_max{10.0};

/// The moment until which something may take its time.
class time_limit {
public:
  explicit time_limit(seconds from_now)
      : end_(clock::now() + std::chrono::duration_cast<clock::duration>(from_now)) {}

  bool passed() const { return clock::now() >= end_; }

  /// What is left, in the unit of poll(2): whole milliseconds rounded up, never negative.
  int left_ms() const {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }

private:
  using clock = std::chrono::steady_clock;
  clock::time_point end_;
};

/// Runs from its construction.
class stopwatch {
public:
  seconds elapsed() const { return std::chrono::steady_clock::now() - start_; }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace lmq::testing
