// What the files that know the routes have in common: parts of a target, and words for what is wrong with
// one. For these files alone.
#pragma once

#include "gateway/http/target.hpp"
#include "gateway/http/target_text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace lmq::target_parts {

using routed = tl::expected<http_request, http_refusal>;

inline tl::unexpected<http_refusal> no(http_reason why, std::string message) {
  return tl::unexpected<http_refusal>(http_refusal{why, std::move(message)});
}

template <class T>
tl::unexpected<http_refusal> refusal_of(tl::expected<T, http_refusal>& failed) {
  return tl::unexpected<http_refusal>(std::move(failed.error()));
}

inline tl::unexpected<http_refusal> undecodable() {
  return no(http_reason::bad_target,
            "a % in the target is not followed by two hex digits; send %25 for the character");
}

/// A decoded, checked queue name.
inline tl::expected<std::string, http_refusal> queue_name(std::string_view encoded) {
  auto name = percent_decode(encoded);
  if (!name)
    return undecodable();
  if (auto ok = check_queue_name(*name); !ok)
    return tl::unexpected<http_refusal>(to_http(std::move(ok.error())));
  return std::move(*name);
}

/// What is left once the methods that a route has are dealt with.
inline routed other_method(http_method method, std::string_view allow) {
  if (method == http_method::options)
    return route_methods{allow};
  return tl::unexpected<http_refusal>(
    http_refusal{http_reason::method_not_allowed,
                 "this route does not have that method; send one of " + std::string(allow), allow});
}

/// What has the queue's name and nothing else.
template <class Verb>
routed named(std::string_view encoded_name) {
  auto name = queue_name(encoded_name);
  if (!name)
    return refusal_of(name);
  Verb what;
  what.queue = std::move(*name);
  return broker_request{std::move(what)};
}

inline routed no_route() {
  return no(http_reason::no_such_route, "there is no such route; GET /openapi.json lists those there are");
}

constexpr std::string_view allow_document = "GET, HEAD, OPTIONS";

/// `/queues` and what is under it. (target_queues.cpp)
routed parse_queues_target(http_method method, const target_path& p, const target_query& q);

} // namespace lmq::target_parts
