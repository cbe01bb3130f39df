#include "metrics/queue_changes.hpp"

#include <unordered_map>

namespace lmq::metrics {

std::vector<queue_change> changes(const queue_board::snapshot& before, const queue_board::snapshot& now) {
  std::unordered_map<std::uint64_t, const queue_figures*> then;
  then.reserve(before.queues.size());
  for (const auto& q : before.queues)
    then.emplace(q.number, &q.figures);
  static const queue_figures nothing;
  std::vector<queue_change> all;
  all.reserve(now.queues.size());
  for (const auto& q : now.queues) {
    if (!all.empty() && *all.back().name == *q.name)
      continue; // its predecessor, which is about to go
    auto it = then.find(q.number);
    const auto& old = it != then.end() ? *it->second : nothing;
    queue_change c;
    c.name = q.name;
    c.pushed = q.figures.counts.pushed - old.counts.pushed;
    c.delivered = q.figures.counts.delivered - old.counts.delivered;
    if (auto n = q.figures.retention.count() - old.retention.count(); n > 0)
      c.retention_seconds = (q.figures.retention.sum - old.retention.sum) / static_cast<double>(n);
    c.size = q.figures.held();
    c.bytes = q.figures.bytes;
    all.push_back(std::move(c));
  }
  return all;
}

} // namespace lmq::metrics
