// The methods of the API: from a call's name and parameters to what is asked of the broker.
#pragma once

#include "core/payload.hpp"
#include "gateway/limits.hpp"
#include "gateway/request.hpp"
#include "gateway/rpc/envelope.hpp"

#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// The content type of what is pushed over RPC: a MessagePack value, its bytes as the client sent them.
inline constexpr std::string_view rpc_content_type = "application/x-msgpack";

/// What a method's success looks like.
enum class rpc_result {
  ok,      ///< "ok"
  pushed,  ///< what became of the push
  message, ///< the message, or "empty"
  gone,    ///< "ok", also if there was nothing
  rules,
};

/// A word of the API; a literal.
using rpc_error = std::string_view;

namespace rpc_errors {

/// No such method, or not with so many arguments.
inline constexpr rpc_error undefined = "undef";

/// An argument of the wrong type; a name that no queue can have.
inline constexpr rpc_error bad_argument = "badarg";

/// A property that is none; rules of a wrong shape.
inline constexpr rpc_error invalid = "invalid";

inline constexpr rpc_error invalid_regexp = "invalid_regexp";

/// A lease that is unknown, settled or expired.
inline constexpr rpc_error not_found = "not_found";

inline constexpr rpc_error queue_not_found = "queue_not_found";
inline constexpr rpc_error over_limit = "over_limit";

/// A push would go beyond what the queue may hold.
inline constexpr rpc_error queue_full = "queue_full";

/// Trying again may help. The connection ends where there was no room for the rest of a call.
inline constexpr rpc_error unavailable = "unavailable";

// After these the connection ends; words as in HTTP.
inline constexpr rpc_error bad_request = "bad_request"; ///< no MessagePack, or no call
inline constexpr rpc_error too_large = "body_too_large";
inline constexpr rpc_error too_slow = "request_timeout";

} // namespace rpc_errors

/// A call, understood.
struct rpc_question {
  request what;
  payload content; ///< of a push
  rpc_result result = rpc_result::ok;
};

/// Errors: undefined; bad_argument; invalid; not_found for an id that is none of ours; over_limit for
/// properties or rules that are too many bytes
tl::expected<rpc_question, rpc_error> read_call(const rpc_message& call, const gateway_limits& limits);

} // namespace lmq
