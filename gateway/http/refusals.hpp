// Why a request is refused over HTTP, and the one table from there to status and word.
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace lmq {

/// The core's reasons, and those that only HTTP has.
enum class http_reason {
  // as in `reason`
  bad_name,
  bad_pattern,
  bad_property,
  unknown_property,
  unknown_hook,
  no_such_lease,
  no_such_queue,
  over_limit,
  no_such_member,
  member_in_use,
  unavailable,
  queue_full,
  no_such_message,
  // of the protocol
  bad_request,   ///< not HTTP, or bad framing; the connection ends
  bad_target,    ///< a target that can't be decoded
  bad_parameter, ///< a query parameter is missing or wrong
  bad_json,      ///< a body that is not the JSON that is asked for
  no_such_route,
  method_not_allowed,
  body_too_large,
  headers_too_large,
  request_timeout,
  too_many_connections,
  no_cluster,    ///< the node belongs to none
  no_storage,    ///< the node keeps all in memory
  bad_directory, ///< a copy can't be made there
  no_space,      ///< the disk is full
  unauthorized,  ///< no token, or one that nobody has
  forbidden,     ///< a token that is not good for this
};

/// A "no" on its way to a client.
struct http_refusal {
  http_reason why = http_reason::bad_request;
  std::string message; ///< a sentence: what is wrong and what to send instead
  std::string_view allow =
    {}; ///< method_not_allowed: the route's methods, as in the `allow` header; a literal
};

/// How a reason shows on the wire.
struct wording {
  unsigned status;
  std::string_view word;
};

wording wording_of(http_reason why) noexcept;

http_refusal to_http(refusal r);

/// `HTTP/1.1 404 Not Found` and a line end, for each status that we send.
std::string_view status_line(unsigned status) noexcept;

} // namespace lmq
