#include "gateway/http/render.hpp"

#include "core/dead_letter.hpp"
#include "gateway/http/compound.hpp"
#include "gateway/http/json_cluster.hpp"
#include "gateway/http/json_health.hpp"
#include "gateway/http/json_properties.hpp"
#include "gateway/http/json_queues.hpp"
#include "gateway/http/json_stats.hpp"
#include "gateway/http/json_text.hpp"
#include "gateway/http/openapi.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace lmq {

namespace {

/// When a push may be tried again that a full queue has refused.
constexpr std::uint64_t retry_after_seconds = 1;

void append_number(std::string& out, std::uint64_t number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void begin_head(std::string& out, unsigned status, const response_frame& frame) {
  out += status_line(status);
  out += "date: ";
  out += frame.date;
  out += "\r\n";
  if (!frame.keep_alive)
    out += "connection: close\r\n";
  else if (frame.http_1_0)
    out += "connection: keep-alive\r\n";
  if (!frame.request_id.empty()) {
    out += "x-request-id: ";
    out += frame.request_id;
    out += "\r\n";
  }
}

void field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void field(std::string& out, std::string_view name, std::uint64_t value) {
  out += name;
  out += ": ";
  append_number(out, value);
  out += "\r\n";
}

/// The end of the head of a response whose body is JSON.
void end_json_head(std::string& out, std::size_t body_bytes) {
  out += "content-type: application/json\r\ncontent-length: ";
  append_number(out, body_bytes);
  out += "\r\n\r\n";
}

/// The rest of a response whose body is JSON.
void append_json_body(std::string& out, std::string_view json, const response_frame& frame) {
  end_json_head(out, json.size());
  if (!frame.head)
    out += json;
}

std::string_view json_of(push_outcome outcome) {
  switch (outcome) {
  case push_outcome::stored: return R"({"accum":"no"})";
  case push_outcome::opened: return R"({"accum":"new"})";
  case push_outcome::joined: return R"({"accum":"yes"})";
  }
  return "{}";
}

std::string json_of(const push_outcomes& outcomes) {
  std::string json = "{";
  std::string_view before = "";
  for (const auto& [queue, outcome] : outcomes) {
    json += std::exchange(before, ",");
    append_json_name(json, queue);
    json += ':';
    json += json_of(outcome);
  }
  json += '}';
  return json;
}

/// A preserved header, but for those that only dead letters have, that must not stand in a head beside ours:
/// it would say something else about this response.
bool clashes(std::string_view name) {
  constexpr std::array<std::string_view, 11> names{
    "allow", "connection", "content-length",    "content-type", "date",        "keep-alive",
    "te",    "trailer",    "transfer-encoding", "upgrade",      "x-request-id"};
  return (name.starts_with("x-lmq-") && !is_dead_letter_header(name)) ||
         std::find(names.begin(), names.end(), name) != names.end();
}

void append_preserved(std::string& head, const message& m) {
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      if (!clashes(name))
        field(head, name, value);
}

void append_delivery(outbox& out, const delivered& d, const response_frame& frame) {
  auto lease = to_text(d.what.lease);
  auto describe = [&](std::string_view type) {
    auto& head = out.text();
    field(head, "x-lmq-queue-name", *d.queue);
    field(head, "x-lmq-message-id", lease);
    field(head, "x-lmq-message-type", type);
    field(head, "x-lmq-retry-remaining", d.what.retries_left);
  };
  begin_head(out.text(), 200, frame);
  if (const auto* single = std::get_if<message>(&d.what.content)) {
    field(out.text(), "content-type", shown_content_type(*single));
    field(out.text(), "content-length", single->content.body().size());
    describe("normal");
    append_preserved(out.text(), *single);
    out.add("\r\n");
    out.add(single->content);
    return;
  }
  const auto& parts = *std::get<std::shared_ptr<const compound>>(d.what.content);
  switch (frame.format) {
  case compound_format::multipart:
    field(out.text(), "content-type", "multipart/mixed; boundary=" + lease);
    field(out.text(), "content-length", multipart_size(parts, lease));
    describe("compound");
    out.add("\r\n");
    append_multipart(out, parts, lease);
    return;
  case compound_format::msgpack:
    field(out.text(), "content-type", "application/x-msgpack");
    field(out.text(), "content-length", msgpack_size(parts));
    describe("compound");
    out.add("\r\n");
    append_msgpack(out, parts);
    return;
  }
}

/// The same request may be carried out in a moment.
bool may_pass(http_reason why) {
  return why == http_reason::queue_full || why == http_reason::unavailable ||
         why == http_reason::too_many_connections || why == http_reason::no_space;
}

/// Each returns the response's status.
struct renderer {
  outbox& out;
  const response_frame& frame;

  unsigned operator()(nothing) const {
    begin_head(out.text(), 204, frame);
    out.add("\r\n");
    return 204;
  }

  unsigned operator()(push_outcome outcome) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), json_of(outcome), frame);
    return 200;
  }

  unsigned operator()(const push_outcomes& outcomes) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), json_of(outcomes), frame);
    return 200;
  }

  unsigned operator()(const delivered& d) const {
    append_delivery(out, d, frame);
    return 200;
  }

  unsigned operator()(const properties& p) const { return document(p); }
  unsigned operator()(const std::vector<rule>& rules) const { return document(rules); }
  unsigned operator()(const std::vector<queue_report>& reports) const {
    return document(stats_json(*frame.nodes->get(), reports));
  }

  unsigned operator()(const queue_page& page) const { return document(queues_json(page)); }
  unsigned operator()(const queue_report& queue) const {
    return document(queue_json(*frame.nodes->get(), queue));
  }
  unsigned operator()(const peeked_messages& messages) const { return document(messages_json(messages)); }
  unsigned operator()(purged what) const { return document(purged_json(what)); }

  unsigned operator()(const health_report& health) const {
    return document(health_json(health), health.ready ? 200 : 503);
  }

  unsigned operator()(moved_messages moved) const {
    begin_head(out.text(), 200, frame);
    std::string json = "{\"moved\":";
    append_number(json, moved.count);
    append_json_body(out.text(), json += '}', frame);
    return 200;
  }

  unsigned operator()(const metrics_text& figures) const {
    begin_head(out.text(), 200, frame);
    field(out.text(), "content-type", "text/plain; version=0.0.4; charset=utf-8");
    field(out.text(), "content-length", figures.text.size());
    out.add("\r\n");
    if (!frame.head)
      out.add_owned(std::string{figures.text});
    return 200;
  }

  unsigned operator()(const cluster_status& cluster) const { return document(cluster_json(cluster)); }

  unsigned operator()(no_cluster) const {
    return (*this)(http_refusal{http_reason::no_cluster,
                                "this node was started without --cluster HOST:PORT; start it again with that "
                                "option to link it with others"});
  }

  unsigned operator()(no_storage) const {
    return (*this)(
      http_refusal{http_reason::no_storage,
                   "this node was started with --memory and has no data directory to copy; push and "
                   "pull its messages instead"});
  }

  unsigned operator()(const backup_outcome& copied) const {
    switch (copied.what) {
    case backup_outcome::kind::made: return (*this)(nothing{});
    case backup_outcome::kind::bad_directory:
      return (*this)(http_refusal{http_reason::bad_directory, copied.sentence});
    case backup_outcome::kind::no_space: return (*this)(http_refusal{http_reason::no_space, copied.sentence});
    case backup_outcome::kind::failed: break;
    }
    return (*this)(http_refusal{http_reason::unavailable, copied.sentence});
  }

  unsigned operator()(openapi_document) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), openapi_json(), frame);
    return 200;
  }

  unsigned operator()(const route_methods& r) const {
    begin_head(out.text(), 204, frame);
    field(out.text(), "allow", r.allow);
    out.add("\r\n");
    return 204;
  }

  unsigned operator()(const refusal& r) const { return (*this)(to_http(r)); }

  unsigned operator()(const http_refusal& r) const {
    auto [status, word] = wording_of(r.why);
    begin_head(out.text(), status, frame);
    if (!r.allow.empty())
      field(out.text(), "allow", r.allow);
    if (may_pass(r.why))
      field(out.text(), "retry-after", retry_after_seconds);
    if (r.why == http_reason::unauthorized)
      field(out.text(), "www-authenticate", "Bearer");
    std::string json = "{\"error\":\"";
    json += word;
    json += "\",\"message\":";
    append_json_string(json, r.message);
    json += '}';
    append_json_body(out.text(), json, frame);
    return status;
  }

private:
  template <class T>
  unsigned document(const T& value) const {
    std::string text;
    append_json(text, value);
    return document(std::move(text));
  }

  unsigned document(std::string text, unsigned status = 200) const {
    begin_head(out.text(), status, frame);
    end_json_head(out.text(), text.size());
    if (!frame.head)
      out.add_owned(std::move(text));
    return status;
  }
};

} // namespace

unsigned render(outbox& out, const answer& what, const response_frame& frame) {
  return std::visit(renderer{out, frame}, what);
}

unsigned render(outbox& out, const local_answer& what, const response_frame& frame) {
  return std::visit(renderer{out, frame}, what);
}

} // namespace lmq
