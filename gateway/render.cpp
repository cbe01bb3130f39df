#include "gateway/render.hpp"

#include "gateway/compound.hpp"
#include "gateway/json_text.hpp"
#include "gateway/openapi.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace lmq {

namespace {

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
    append_json_string(json, queue);
    json += ':';
    json += json_of(outcome);
  }
  json += '}';
  return json;
}

/// A preserved header that must not stand in a head beside ours: it would say something else about this
/// response.
bool clashes(std::string_view name) {
  constexpr std::array<std::string_view, 11> names{
    "allow", "connection", "content-length",    "content-type", "date",        "keep-alive",
    "te",    "trailer",    "transfer-encoding", "upgrade",      "x-request-id"};
  return name.starts_with("x-lmq-") || std::find(names.begin(), names.end(), name) != names.end();
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
  switch (d.format) {
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

struct renderer {
  outbox& out;
  const response_frame& frame;

  void operator()(no_content) const {
    begin_head(out.text(), 204, frame);
    out.add("\r\n");
  }

  void operator()(push_outcome outcome) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), json_of(outcome), frame);
  }

  void operator()(const push_outcomes& outcomes) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), json_of(outcomes), frame);
  }

  void operator()(const delivered& d) const { append_delivery(out, d, frame); }

  void operator()(json_document& d) const {
    begin_head(out.text(), 200, frame);
    end_json_head(out.text(), d.text.size());
    if (!frame.head)
      out.add_owned(std::move(d.text));
  }

  void operator()(openapi_document) const {
    begin_head(out.text(), 200, frame);
    append_json_body(out.text(), openapi_json(), frame);
  }

  void operator()(const route_methods& r) const {
    begin_head(out.text(), 204, frame);
    field(out.text(), "allow", r.allow);
    out.add("\r\n");
  }

  void operator()(const http_refusal& r) const {
    auto [status, word] = wording_of(r.why);
    begin_head(out.text(), status, frame);
    if (!r.allow.empty())
      field(out.text(), "allow", r.allow);
    std::string json = "{\"error\":\"";
    json += word;
    json += "\",\"message\":";
    append_json_string(json, r.message);
    json += '}';
    append_json_body(out.text(), json, frame);
  }
};

struct status_reader {
  unsigned operator()(no_content) const noexcept { return 204; }
  unsigned operator()(const route_methods&) const noexcept { return 204; }
  unsigned operator()(const http_refusal& r) const noexcept { return wording_of(r.why).status; }
  template <class T>
  unsigned operator()(const T&) const noexcept {
    return 200;
  }
};

} // namespace

void render(outbox& out, answer&& what, const response_frame& frame) {
  std::visit(renderer{out, frame}, what);
}

unsigned status_of(const answer& what) noexcept {
  return std::visit(status_reader{}, what);
}

} // namespace lmq
