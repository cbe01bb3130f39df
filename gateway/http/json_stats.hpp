// The document that GET /stats answers.
#pragma once

#include "actors/node_board.hpp"
#include "actors/stats/report.hpp"

#include <string>
#include <vector>

namespace lmq {

/// Compact JSON. Cost: about 1.5 KiB of text for each queue.
std::string stats_json(const node_names& nodes, const std::vector<queue_report>& queues);

} // namespace lmq
