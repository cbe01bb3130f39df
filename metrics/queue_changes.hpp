// What happened in every queue between two looks at the board.
#pragma once

#include "metrics/queue_board.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lmq::metrics {

struct queue_change {
  std::shared_ptr<const std::string> name;
  std::uint64_t pushed = 0, delivered = 0;
  double retention_seconds = 0; ///< of these deliveries, on average; 0 where there was none
  std::uint64_t size = 0;       ///< now: ready + leased + accumulating; a compound is one
  std::uint64_t bytes = 0;      ///< now
};

/// Of the queues of now, by name. A queue that is new has come from nothing; of one that is gone nothing is
/// told. Cost: O(queues)
std::vector<queue_change> changes(const queue_board::snapshot& before, const queue_board::snapshot& now);

} // namespace lmq::metrics
