// The document that GET /stats answers.
#pragma once

#include "actors/stats/report.hpp"

#include <string>
#include <vector>

namespace lmq {

/// The nodes that `GET /stats` names.
struct node_names {
  std::vector<std::string> active; ///< members in step, this one included
  std::vector<std::string> all;
};

/// Compact JSON. Cost: about 1.5 KiB of text for each queue.
std::string stats_json(const node_names& nodes, const std::vector<queue_report>& queues);

} // namespace lmq
