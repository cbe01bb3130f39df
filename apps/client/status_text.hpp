// What `lmq status` shows a person: a table of the nodes, one of the queues.
//
// Plain function from two JSON documents to text.
#pragma once

#include "apps/values.hpp"

#include <string>
#include <string_view>

namespace lmq::client {

/// @param cluster  what GET /cluster answered; `null`: there is none, and the node shows itself
/// @param stats    what GET /stats answered
/// Errors: a document is not what it should be
checked<std::string> status_text(std::string_view cluster, std::string_view stats);

} // namespace lmq::client
