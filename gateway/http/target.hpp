// From a request's method and target to what is asked: decoding, routes, parameters.
#pragma once

#include "gateway/http/local_answer.hpp"
#include "gateway/limits.hpp"
#include "gateway/request.hpp"

#include <string_view>
#include <tl/expected.hpp>
#include <variant>

namespace lmq {

enum class http_method { get, head, post, put, patch, delete_, options, other };

/// How a compound's parts are put into one body (`cf`).
enum class compound_format { multipart, msgpack };

/// What the broker is asked, and what only HTTP knows of the answer.
struct broker_request {
  request what;
  compound_format format = compound_format::multipart;
};

/// What a route stands for: a question to the broker, or an answer that needs nobody.
using http_request = std::variant<broker_request, openapi_document, route_methods>;

/// What `method` asks of `target`, names and parameters checked.
///
/// The target may be a path with a query, the same with `http://host` in front, or `*`. HEAD is what GET
/// would be, where GET takes nothing from a queue. Errors: bad_target, bad_name, bad_parameter,
/// no_such_route, method_not_allowed; no_such_lease for an id that is none of ours
tl::expected<http_request, http_refusal> parse_target(http_method method, std::string_view target,
                                                      const gateway_limits& limits);

} // namespace lmq
