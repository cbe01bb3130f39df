// The routes of queues, for operators: lists, looks, and what is done to a queue.
#include "gateway/http/target_parts.hpp"

#include <charconv>
#include <limits>

namespace lmq {

using namespace target_parts;

namespace {

constexpr std::string_view allow_queue = "GET, HEAD, DELETE, OPTIONS";
constexpr std::string_view allow_queue_verb = "POST, OPTIONS";
constexpr std::string_view allow_message = "DELETE, OPTIONS";

constexpr auto no_bound = std::numeric_limits<std::uint64_t>::max();

/// A whole number from `least` to `most`.
tl::expected<std::uint64_t, http_refusal> whole_number(std::string_view name, std::string_view encoded,
                                                       std::uint64_t least, std::uint64_t most) {
  auto text = percent_decode(encoded);
  if (!text)
    return undecodable();
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < least || number > most)
    return no(http_reason::bad_parameter, std::string{name} + " is a whole number: send one from " +
                                            std::to_string(least) +
                                            (most == no_bound ? "" : " to " + std::to_string(most)));
  return number;
}

routed page_of_queues(const target_query& q) {
  queue_page_wanted page;
  if (q.qre) {
    auto pattern = percent_decode(*q.qre);
    if (!pattern)
      return undecodable();
    page.pattern = std::move(*pattern);
  }
  if (q.offset) {
    auto offset = whole_number("offset", *q.offset, 0, std::numeric_limits<std::uint32_t>::max());
    if (!offset)
      return refusal_of(offset);
    page.offset = *offset;
  }
  if (q.limit) {
    auto limit = whole_number("limit", *q.limit, 1, queue_page_limits::queues_max);
    if (!limit)
      return refusal_of(limit);
    page.limit = *limit;
  }
  if (q.sort) {
    auto order = percent_decode(*q.sort);
    if (!order)
      return undecodable();
    if (*order != "name" && *order != "size")
      return no(http_reason::bad_parameter, "sort is how the queues are ordered: send name, or size");
    page.order = *order == "size" ? queue_page_order::size : queue_page_order::name;
  }
  return broker_request{list_queues{std::move(page)}};
}

routed peek(std::string_view encoded_name, const target_query& q) {
  auto name = queue_name(encoded_name);
  if (!name)
    return refusal_of(name);
  peek_messages what{std::move(*name)};
  if (q.n) {
    auto n = whole_number("n", *q.n, 1, peek_limits::messages_max);
    if (!n)
      return refusal_of(n);
    what.n = static_cast<std::uint32_t>(*n);
  }
  return broker_request{std::move(what)};
}

routed redrive(http_method method, std::string_view encoded_name, const target_query& q) {
  if (method != http_method::post)
    return other_method(method, allow_queue_verb);
  auto name = queue_name(encoded_name);
  if (!name)
    return refusal_of(name);
  redrive_queue what{std::move(*name)};
  if (q.limit) {
    auto limit = whole_number("limit", *q.limit, 1, no_bound);
    if (!limit)
      return refusal_of(limit);
    what.limit = *limit;
  }
  return broker_request{std::move(what)};
}

routed one_message(http_method method, const target_path& p) {
  if (method != http_method::delete_)
    return other_method(method, allow_message);
  auto name = queue_name(p.segments[1]);
  if (!name)
    return refusal_of(name);
  auto text = percent_decode(p.segments[3]);
  if (!text)
    return undecodable();
  auto id = parse_message_id(*text);
  if (!id)
    return no(http_reason::no_such_message,
              "this is no id of a message; send the id that GET /queues/NAME/messages shows, or the first 22 "
              "characters of the x-lmq-message-id of a pull");
  return broker_request{remove_message{std::move(*name), *id}};
}

template <class Verb>
routed queue_verb(http_method method, std::string_view encoded_name) {
  return method == http_method::post ? named<Verb>(encoded_name) : other_method(method, allow_queue_verb);
}

bool reads(http_method method) {
  return method == http_method::get || method == http_method::head;
}

} // namespace

routed target_parts::parse_queues_target(http_method method, const target_path& p, const target_query& q) {
  if (p.is(1, "queues"))
    return reads(method) ? page_of_queues(q) : other_method(method, allow_document);
  if (p.is(2, "queues")) {
    if (method == http_method::delete_)
      return named<delete_queue>(p.segments[1]);
    return reads(method) ? named<describe_queue>(p.segments[1]) : other_method(method, allow_queue);
  }
  if (p.is(4, "queues") && p.segments[2] == "messages")
    return one_message(method, p);
  if (!p.is(3, "queues"))
    return no_route();
  const auto& verb_of = p.segments[2];
  if (verb_of == "messages")
    return reads(method) ? peek(p.segments[1], q) : other_method(method, allow_document);
  if (verb_of == "revive")
    return queue_verb<revive_queue>(method, p.segments[1]);
  if (verb_of == "purge")
    return queue_verb<purge_queue>(method, p.segments[1]);
  if (verb_of == "redrive")
    return redrive(method, p.segments[1], q);
  if (verb_of == "pause")
    return queue_verb<pause_queue>(method, p.segments[1]);
  if (verb_of == "resume")
    return queue_verb<resume_queue>(method, p.segments[1]);
  return no_route();
}

} // namespace lmq
