// What `GET /stats` tells of a queue, as plain values.
#pragma once

#include "core/properties.hpp"
#include "core/time.hpp"
#include "metrics/queue_figures.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lmq {

/// How often something happened, and how fast.
struct meter_report {
  std::uint64_t count = 0;
  // Events a second: exponentially weighted moving averages over 1, 5, 15 minutes and a day; the mean since
  // the start.
  double one = 0, five = 0, fifteen = 0, day = 0, mean = 0;
  // Change of the rate between two averages, in events a second squared.
  double one_to_five = 0, five_to_fifteen = 0, one_to_fifteen = 0;
};

/// Distribution of the seconds that messages spent between ready and delivered.
struct retention_report {
  struct bin {
    double upper = 0; ///< seconds; the bin holds samples up to this, above the bin before
    std::uint64_t count = 0;
  };

  std::uint64_t n = 0; ///< samples that the figures below are made of
  double min = 0, max = 0;
  double arithmetic_mean = 0, geometric_mean = 0, harmonic_mean = 0, median = 0;
  double variance = 0, standard_deviation = 0, skewness = 0, kurtosis = 0;
  double p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0;
  std::vector<bin> histogram;
};

struct queue_report {
  std::string name;
  std::uint64_t size = 0;         ///< ready + leased + accumulating; a compound counts as one
  std::uint64_t memory_bytes = 0; ///< of the messages held, their bookkeeping included
  properties in_force;
  meter_report push, pull;
  retention_report retention;
  std::uint64_t restarts = 0; ///< of its actor, after crashes
  bool down = false;          ///< it crashed too often and is left alone: see `health_report`

  // Where the node belongs to a cluster.
  std::vector<std::string> nodes; ///< names of those that hold the queue; empty: just this node
  std::string home;               ///< the one that delivers; empty: none is told

  // What `size` is made of, and more that `GET /queues` tells.
  std::uint64_t ready = 0, leased = 0, accumulating = 0;
  std::uint64_t waiters = 0;            ///< pulls that wait at this queue alone
  std::optional<duration> oldest_ready; ///< age of the first in line; nothing: none is ready
  queue_counts counts;                  ///< since the queue was opened in its home's process
};

/// Bounds of a page of queues.
struct queue_page_limits {
  static constexpr std::uint64_t queues_default = 100;
  static constexpr std::uint64_t queues_max = 1000;
};

enum class queue_page_order {
  name, ///< by name; the queues of the page alone are asked
  size, ///< those with most messages first, and by name where they have as many; all that match are asked
};

/// Which queues are asked for: of those whose names the pattern finds, in order, `limit` from `offset` on.
struct queue_page_wanted {
  std::string pattern; ///< empty: all
  std::uint64_t offset = 0;
  std::uint64_t limit = queue_page_limits::queues_default;
  queue_page_order order = queue_page_order::name;
};

struct queue_page {
  queue_page_wanted wanted;
  std::uint64_t total = 0; ///< queues whose names the pattern finds
  std::vector<queue_report> queues;
};

} // namespace lmq
