#include "gateway/http/target.hpp"

#include "gateway/http/target_parts.hpp"
#include "gateway/http/target_text.hpp"
#include "gateway/http/wire_time.hpp"

#include <utility>

namespace lmq {

using namespace target_parts;

namespace {

/// How a pull is served.
struct pull_options {
  wait_time wait;
  compound_format format = compound_format::multipart;
};

tl::expected<pull_options, http_refusal> how_to_pull(const target_query& q, const gateway_limits& limits) {
  pull_options how;
  if (q.cf) {
    auto text = percent_decode(*q.cf);
    if (!text)
      return undecodable();
    if (*text == "msgpack")
      how.format = compound_format::msgpack;
    else if (*text != "multipart")
      return no(http_reason::bad_parameter, "cf is the format of a compound: send multipart or msgpack");
  }
  if (q.t) {
    auto text = percent_decode(*q.t);
    if (!text)
      return undecodable();
    auto wait = parse_wire_seconds(*text, limits.wait_max);
    if (!wait)
      return no(
        http_reason::bad_parameter,
        "t is the number of seconds to wait: send a decimal number from 0 on, or leave it out to wait "
        "without limit");
    how.wait = *wait;
  }
  return how;
}

// -- routes ------------------------------------------------------------------------------------------------------------

/// Which methods a route has. `HEAD` goes with a `GET` that takes nothing.
constexpr std::string_view allow_messages = "GET, POST, OPTIONS";
constexpr std::string_view allow_lease = "POST, OPTIONS";
constexpr std::string_view allow_cluster_verb = "POST, OPTIONS";
constexpr std::string_view allow_backup = "POST, OPTIONS";
constexpr std::string_view allow_member = "DELETE, OPTIONS";
constexpr std::string_view allow_rules = "GET, HEAD, PUT, DELETE, OPTIONS";
constexpr std::string_view allow_properties = "GET, HEAD, PATCH, DELETE, OPTIONS";
constexpr std::string_view allow_anything = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

routed messages_of_one(http_method method, std::string_view encoded_name, const target_query& q,
                       const gateway_limits& limits) {
  if (method != http_method::get && method != http_method::post)
    return other_method(method, allow_messages);
  auto pull = method == http_method::get ? how_to_pull(q, limits) : pull_options{};
  if (!pull)
    return refusal_of(pull);
  auto name = queue_name(encoded_name);
  if (!name)
    return refusal_of(name);
  if (method == http_method::get)
    return broker_request{pull_one{std::move(*name), pull->wait}, pull->format};
  return broker_request{push_one{std::move(*name)}};
}

routed messages_of_many(http_method method, const target_query& q, const gateway_limits& limits) {
  if (method != http_method::get && method != http_method::post)
    return other_method(method, allow_messages);
  if (!q.qre)
    return no(http_reason::bad_parameter,
              "no queue is named: send /messages/NAME, or ?qre=REGEX for all queues whose names it finds");
  auto pull = method == http_method::get ? how_to_pull(q, limits) : pull_options{};
  if (!pull)
    return refusal_of(pull);
  auto pattern = percent_decode(*q.qre);
  if (!pattern)
    return undecodable();
  if (method == http_method::get)
    return broker_request{pull_matching{std::move(*pattern), pull->wait}, pull->format};
  return broker_request{push_matching{std::move(*pattern)}};
}

routed one_lease(http_method method, const target_path& p, const target_query& q) {
  if (method != http_method::post)
    return other_method(method, allow_lease);
  auto reply = percent_decode(q.reply.value_or(""));
  if (!reply)
    return undecodable();
  verdict what{};
  if (*reply == "ack")
    what = verdict::ack;
  else if (*reply == "nack")
    what = verdict::nack;
  else if (*reply == "ext")
    what = verdict::extend;
  else
    return no(http_reason::bad_parameter,
              "reply says what to do with the message: send ack (done), nack (give back) or ext (more time)");
  auto name = queue_name(p.segments[1]);
  if (!name)
    return refusal_of(name);
  auto id = percent_decode(p.segments[2]);
  if (!id)
    return undecodable();
  auto lease = parse_lease_id(*id);
  if (!lease)
    return no(
      http_reason::no_such_lease,
      "this is no message id; send the x-lmq-message-id of a message that was pulled from this queue");
  return broker_request{settle_lease{std::move(*name), *lease, what}};
}

routed rules(http_method method) {
  switch (method) {
  case http_method::get:
  case http_method::head: return broker_request{get_rules{}};
  case http_method::put: return broker_request{put_rules{}};
  case http_method::delete_: return broker_request{delete_rules{}};
  case http_method::post:
  case http_method::patch:
  case http_method::options:
  case http_method::other: return other_method(method, allow_rules);
  }
  return other_method(method, allow_rules);
}

routed properties_of(http_method method, std::string_view encoded_name) {
  switch (method) {
  case http_method::get:
  case http_method::head: return named<get_properties>(encoded_name);
  case http_method::patch: return named<patch_properties>(encoded_name);
  case http_method::delete_: return named<delete_properties>(encoded_name);
  case http_method::post:
  case http_method::put:
  case http_method::options:
  case http_method::other: return other_method(method, allow_properties);
  }
  return other_method(method, allow_properties);
}

routed document(http_method method, http_request what) {
  if (method == http_method::get || method == http_method::head)
    return what;
  return other_method(method, allow_document);
}

/// What goes with POST alone.
routed verb(http_method method, request what, std::string_view allow) {
  if (method == http_method::post)
    return broker_request{std::move(what)};
  return other_method(method, allow);
}

routed member(http_method method, std::string_view encoded_name) {
  if (method != http_method::delete_)
    return other_method(method, allow_member);
  auto name = percent_decode(encoded_name);
  if (!name)
    return undecodable();
  return broker_request{forget_member{std::move(*name)}};
}

} // namespace

routed parse_target(http_method method, std::string_view target, const gateway_limits& limits) {
  if (target == "*" && method == http_method::options)
    return route_methods{allow_anything};
  auto rest = without_origin(target);
  auto path_text = cut(rest, '?');
  if (path_text.starts_with('/')) {
    target_path p{path_text};
    auto q = parse_query(rest);
    if (!q)
      return undecodable();
    if (p.is(2, "messages"))
      return messages_of_one(method, p.segments[1], *q, limits);
    if (p.is(3, "messages"))
      return one_lease(method, p, *q);
    if (p.is(1, "messages"))
      return messages_of_many(method, *q, limits);
    if (p.segments[0] == "queues")
      return parse_queues_target(method, p, *q);
    // DELETE /properties/$NAME without a name must not be taken for all rules.
    if (p.is(1, "properties") && method == http_method::delete_ && path_text.ends_with('/'))
      return properties_of(method, {});
    if (p.is(1, "properties"))
      return rules(method);
    if (p.is(2, "properties"))
      return properties_of(method, p.segments[1]);
    if (p.is(1, "stats"))
      return document(method, broker_request{get_stats{}});
    if (p.is(1, "health"))
      return document(method, broker_request{get_health{}});
    if (p.is(1, "metrics"))
      return document(method, broker_request{get_metrics{}});
    if (p.is(1, "cluster"))
      return document(method, broker_request{get_cluster{}});
    if (p.is(2, "cluster") && p.segments[1] == "join")
      return verb(method, join_cluster{}, allow_cluster_verb);
    if (p.is(2, "cluster") && p.segments[1] == "leave")
      return verb(method, leave_cluster{}, allow_cluster_verb);
    if (p.is(3, "cluster") && p.segments[1] == "members")
      return member(method, p.segments[2]);
    if (p.is(1, "backup"))
      return verb(method, make_backup{}, allow_backup);
    if (p.is(1, "openapi.json"))
      return document(method, openapi_document{});
  }
  return no_route();
}

} // namespace lmq
