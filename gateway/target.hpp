// From a request's method and target to what is asked: decoding, routes, parameters.
#pragma once

#include "gateway/limits.hpp"
#include "gateway/refusals.hpp"
#include "gateway/request.hpp"

#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

enum class http_method { get, head, post, put, patch, delete_, options, other };

/// What `method` asks of `target`, names and parameters checked.
///
/// The target may be a path with a query, the same with `http://host` in front, or `*`. HEAD is what GET
/// would be, where GET takes nothing from a queue. Errors: bad_target, bad_name, bad_parameter,
/// no_such_route, method_not_allowed; no_such_lease for an id that is none of ours
tl::expected<request, http_refusal> parse_target(http_method method, std::string_view target,
                                                 const http_limits& limits);

} // namespace lmq
