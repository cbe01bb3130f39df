// The cluster as JSON: what `GET /cluster` answers, what `POST /cluster/join` is sent.
#pragma once

#include "actors/cluster_status.hpp"
#include "core/host_port.hpp"
#include "gateway/http/refusals.hpp"

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// `{"node":…,"serving":…,"members":[{"name":…,"address":…,"state":…,"self":…,"lag_messages":…,"lag_bytes":…},…]}`,
/// compact; with the `reason` behind `serving` where it is false.
std::string cluster_json(const cluster_status& cluster);

/// `{"address":"HOST:PORT"}`. Errors: bad_json (no JSON, or another shape), bad_parameter (no such address)
tl::expected<host_port, http_refusal> parse_join(std::string_view json);

} // namespace lmq
