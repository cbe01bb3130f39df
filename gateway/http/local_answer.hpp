// What HTTP answers without asking the broker.
#pragma once

#include "gateway/http/refusals.hpp"

#include <string_view>
#include <variant>

namespace lmq {

/// The description of the API.
struct openapi_document {};

/// The answer to OPTIONS.
struct route_methods {
  std::string_view allow; ///< a literal
};

using local_answer = std::variant<http_refusal, openapi_document, route_methods>;

} // namespace lmq
