// Renders this node's figures when somebody asks, and sends those of queues to StatsD and InfluxDB at each
// interval. On a thread of its own: with very many queues that takes some hundredths of a second.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_board.hpp"
#include "core/host_port.hpp"
#include "core/time.hpp"
#include "metrics/queue_board.hpp"
#include "metrics/sources.hpp"

#include <caf/fwd.hpp>
#include <chrono>
#include <memory>
#include <optional>

namespace lmq {

struct metrics_options {
  std::shared_ptr<const queue_board> queues;
  std::shared_ptr<const metrics::sources> others; ///< beside queues, health and the cluster
  std::shared_ptr<const node_board> nodes;        ///< tells whether this node waits for its cluster
  bool each_queue = true;                         ///< families with a label for the queue, too
  std::optional<host_port> statsd = {}, influxdb = {};
  duration interval = std::chrono::seconds{10};
};

/// It is to be told of the supervisor, and ended by whoever starts it.
metrics_handle spawn_metrics(caf::actor_system& system, metrics_options options);

} // namespace lmq
