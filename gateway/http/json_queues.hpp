// What operators are told of queues and of their messages, as JSON.
#pragma once

#include "actors/node_board.hpp"
#include "actors/stats/report.hpp"
#include "core/queue_order.hpp"

#include <string>

namespace lmq {

/// `GET /queues`.
std::string queues_json(const queue_page& page);

/// `GET /queues/NAME`.
std::string queue_json(const node_names& nodes, const queue_report& queue);

/// `GET /queues/NAME/messages`.
std::string messages_json(const peeked_messages& messages);

/// `POST /queues/NAME/purge`.
std::string purged_json(purged what);

} // namespace lmq
