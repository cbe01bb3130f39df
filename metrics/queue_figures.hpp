// What one queue tells of itself at one moment, in plain words.
#pragma once

#include "metrics/histogram.hpp"

#include <cstdint>

namespace lmq {

/// Counts of what a queue did, since it was opened in this process. A compound is one message from the push
/// that opened its window; pushes into an open window have joined it.
///
///   pushed + received = joined + acked + settled_elsewhere + discarded + dead_lettered + redriven + deleted
///                       + handed_over + ready + leased + accumulating
struct queue_counts {
  std::uint64_t pushed = 0;
  std::uint64_t received = 0; ///< from this node's disk, or from the copies of others

  std::uint64_t joined = 0;
  std::uint64_t acked = 0;
  std::uint64_t settled_elsewhere = 0; ///< as another node has told
  std::uint64_t discarded = 0;         ///< out of retries
  std::uint64_t dead_lettered = 0;     ///< out of retries, and in the queue of dead letters since
  std::uint64_t redriven = 0;          ///< back in the queue in which it had died
  std::uint64_t deleted = 0;           ///< with the queue, or purged
  std::uint64_t handed_over = 0;       ///< another node is the queue's home now

  // beside: these do not change what is held
  std::uint64_t delivered = 0; ///< redeliveries included
  std::uint64_t nacked = 0;
  std::uint64_t extended = 0;
  std::uint64_t expired = 0;
  std::uint64_t given_back = 0; ///< reached nobody

  std::uint64_t came() const noexcept { return pushed + received; }
  std::uint64_t went() const noexcept {
    return joined + acked + settled_elsewhere + discarded + dead_lettered + redriven + deleted + handed_over;
  }

  queue_counts& operator+=(const queue_counts& other) noexcept;
};

struct queue_figures {
  queue_counts counts;
  histogram<retention_bounds> retention;

  // now
  std::uint64_t ready = 0, leased = 0, accumulating = 0, waiters = 0;
  std::uint64_t bytes = 0;          ///< of the messages held, their bookkeeping included
  std::int64_t oldest_ready_ns = 0; ///< on the steady clock, when the first in line was ready; 0: none is
  std::uint64_t restarts = 0;       ///< of its actor, after crashes

  std::uint64_t held() const noexcept { return ready + leased + accumulating; }
};

} // namespace lmq
