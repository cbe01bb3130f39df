// What the broker, or the gateway by itself, answers to a request, before it becomes bytes.
#pragma once

#include "actors/messages.hpp"
#include "gateway/refusals.hpp"
#include "gateway/request.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace lmq {

/// A parcel for the client, and the form it asked for.
struct delivered {
  std::shared_ptr<const std::string> queue;
  delivery what;
  compound_format format = compound_format::multipart;
};

/// Done, or nothing there: 204.
struct no_content {};

struct json_document {
  std::string text;
};

struct openapi_document {};

/// The answer to OPTIONS.
struct route_methods {
  std::string_view allow; ///< a literal
};

using answer = std::variant<no_content, push_outcome, push_outcomes, delivered, json_document,
                            openapi_document, route_methods, http_refusal>;

} // namespace lmq
