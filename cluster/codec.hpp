// Messages of a link to bytes and back: MessagePack, each struct an array of its fields in order.
//
// A reader takes what it knows of an array and leaves the rest, and what is missing keeps its default; so
// neighbouring versions understand each other (protocol.hpp). Durations are milliseconds on the wire. Pure
// functions.
#pragma once

#include "actors/stats/report.hpp"
#include "cluster/protocol.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lmq {

std::string encode(const cluster_message& message);

/// Nothing: these bytes are no message that this version knows.
std::optional<cluster_message> decode_message(std::string_view bytes);

/// What `answered::reported` carries.
std::string encode(const queue_report& report);
std::optional<queue_report> decode_report(std::string_view bytes);

std::string encode(const heartbeat& beat);
std::optional<heartbeat> decode_heartbeat(std::string_view bytes);

} // namespace lmq
