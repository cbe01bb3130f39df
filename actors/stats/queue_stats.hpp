// What a queue counts: pushes, deliveries, and how long messages waited for theirs. Owned by the queue, on
// its actor's thread; time is handed in. A queue that is only pushed to holds no heap memory here.
#pragma once

#include "actors/stats/meter.hpp"
#include "actors/stats/retention.hpp"
#include "metrics/histogram.hpp"

#include <algorithm>
#include <chrono>
#include <new>

namespace lmq {

class queue_stats {
public:
  /// @param now   the queue's creation
  /// @param seed  see `retention`
  queue_stats(time_point now, std::uint64_t seed) noexcept : push_(now), pull_(now), retention_(seed) {}

  /// @param n  messages pushed; each that joins a compound counts
  void pushed(time_point now, std::uint64_t n = 1) noexcept { push_.mark(now, n); }

  /// One delivery, redeliveries included. A sample for which there is no memory is left out.
  ///
  /// @param waited  since the message was last ready
  void pulled(duration waited, time_point now) noexcept {
    pull_.mark(now);
    waits_.add(std::max(0.0, std::chrono::duration<double>(waited).count()));
    try {
      retention_.record(waited, now);
    } catch (const std::bad_alloc&) {
      // Only the distribution is poorer by one; the count above is exact.
    }
  }

  /// Sets `push`, `pull` and `retention`, nothing else. Changes nothing here.
  void fill(queue_report& out, time_point now) const {
    out.push = push_.report(now);
    out.pull = pull_.report(now);
    out.retention = retention_.report(now);
  }

  /// Of all deliveries, unlike the samples of `fill`.
  const histogram<retention_bounds>& waits() const noexcept { return waits_; }

  /// Of the heap; see `retention::memory_bytes`.
  std::size_t memory_bytes() const noexcept { return retention_.memory_bytes(); }

private:
  meter push_;
  meter pull_;
  retention retention_;
  histogram<retention_bounds> waits_;
};

} // namespace lmq
