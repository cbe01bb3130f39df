// What the broker answers to a request, before a protocol makes bytes of it.
#pragma once

#include "actors/messages.hpp"
#include "core/properties.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace lmq {

/// A parcel for the client.
struct delivered {
  std::shared_ptr<const std::string> queue;
  delivery what;
};

/// Done; or, to a pull: nothing there.
struct nothing {};

/// To what is asked of the cluster: this node belongs to none.
struct no_cluster {};

/// To what is asked of the disk: this node has none.
struct no_storage {};

/// So many messages went to other queues.
struct moved_messages {
  std::uint64_t count = 0;
};

/// Figures, in Prometheus' text format.
struct metrics_text {
  std::string text;
};

using answer =
  std::variant<nothing, push_outcome, push_outcomes, delivered, properties, std::vector<rule>,
               std::vector<queue_report>, queue_report, queue_page, peeked_messages, purged, health_report,
               cluster_status, no_cluster, no_storage, backup_outcome, metrics_text, moved_messages, refusal>;

/// What the answer takes about, in bytes, where that may be much; 0: it is small in any case.
/// Cost: O(items)
std::size_t bulk_of(const answer& what) noexcept;

} // namespace lmq
