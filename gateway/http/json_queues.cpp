#include "gateway/http/json_queues.hpp"

#include "core/dead_letter.hpp"
#include "core/utf8.hpp"
#include "gateway/http/json_properties.hpp"
#include "gateway/http/json_text.hpp"
#include "gateway/http/wire_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace lmq {

namespace {

/// Writes the members of an object; they come in alphabetical order.
class object {
public:
  explicit object(std::string& out) : out_(out) {}

  std::string& key(std::string_view name) {
    out_ += std::exchange(before_, ',');
    append_json_string(out_, name);
    return out_ += ':';
  }
  void number(std::string_view name, std::uint64_t value) { append_json_number(key(name), value); }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void boolean(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  void seconds(std::string_view name, duration value) {
    auto shown = std::chrono::duration_cast<std::chrono::milliseconds>(value);
    append_wire_seconds(key(name), std::max(shown, std::chrono::milliseconds::zero()));
  }
  void end() { out_ += '}'; }

private:
  std::string& out_;
  char before_ = '{';
};

template <class All, class Append>
void append_list(std::string& out, const All& all, Append append) {
  out += '[';
  std::string_view before;
  for (const auto& one : all) {
    out += std::exchange(before, ",");
    append(one);
  }
  out += ']';
}

void append_listed(std::string& out, const queue_report& q) {
  object o{out};
  o.number("accumulating", q.accumulating);
  o.boolean("down", q.down);
  if (!q.home.empty())
    o.text("home", q.home);
  o.number("leased", q.leased);
  o.number("memory", q.memory_bytes);
  append_json_name(o.key("name"), q.name);
  o.boolean("paused", q.in_force.paused);
  o.number("ready", q.ready);
  o.number("size", q.size);
  o.number("waiters", q.waiters);
  o.end();
}

void append_counts(std::string& out, const queue_counts& c) {
  object o{out};
  o.number("acked", c.acked);
  o.number("dead_lettered", c.dead_lettered);
  o.number("deleted", c.deleted);
  o.number("delivered", c.delivered);
  o.number("discarded", c.discarded);
  o.number("expired", c.expired);
  o.number("extended", c.extended);
  o.number("given_back", c.given_back);
  o.number("handed_over", c.handed_over);
  o.number("joined", c.joined);
  o.number("nacked", c.nacked);
  o.number("pushed", c.pushed);
  o.number("received", c.received);
  o.number("redriven", c.redriven);
  o.number("settled_elsewhere", c.settled_elsewhere);
  o.end();
}

/// What a message and a part have in common, `body` to `headers`; nothing of it where it was not read.
void append_content(object& o, const peeked_part& part) {
  if (part.unread)
    return;
  if (is_utf8(part.body))
    o.text("body", part.body);
  else
    append_json_base64(o.key("body_base64"), part.body);
  o.text("content_type", part.content_type);
  auto& out = o.key("headers");
  append_list(out, part.preserved, [&](const auto& header) {
    append_json_strings(out, {header.first, header.first == dead_letter_headers::queue
                                              ? text_of_bytes(header.second)
                                              : header.second});
  });
}

} // namespace

std::string queues_json(const queue_page& page) {
  std::string out;
  object o{out};
  o.number("limit", page.wanted.limit);
  o.number("offset", page.wanted.offset);
  append_list(o.key("queues"), page.queues, [&](const auto& q) { append_listed(out, q); });
  o.number("total", page.total);
  o.end();
  return out;
}

std::string queue_json(const node_names& nodes, const queue_report& q) {
  std::string out;
  object o{out};
  o.number("accumulating", q.accumulating);
  append_json_strings(o.key("copies"), q.nodes.empty() ? nodes.all : q.nodes);
  append_counts(o.key("counts"), q.counts);
  o.boolean("down", q.down);
  if (!q.home.empty())
    o.text("home", q.home);
  o.number("leased", q.leased);
  o.number("memory", q.memory_bytes);
  append_json_name(o.key("name"), q.name);
  if (q.oldest_ready)
    o.seconds("oldest_ready", *q.oldest_ready);
  else
    o.key("oldest_ready") += "null";
  o.boolean("paused", q.in_force.paused);
  append_json(o.key("props"), q.in_force);
  o.number("ready", q.ready);
  o.number("restarts", q.restarts);
  o.number("size", q.size);
  o.number("waiters", q.waiters);
  o.end();
  return out;
}

std::string messages_json(const peeked_messages& messages) {
  std::string out;
  object all{out};
  append_list(all.key("messages"), messages, [&](const peeked_message& m) {
    object o{out};
    o.seconds("age", m.age);
    if (!m.compound)
      append_content(o, m.parts.front());
    o.number("deliveries", m.deliveries);
    o.text("id", to_text(m.id));
    if (m.compound) {
      append_list(o.key("parts"), m.parts, [&](const peeked_part& part) {
        object p{out};
        append_content(p, part);
        p.number("size", part.body_bytes);
        p.boolean("truncated", part.truncated());
        p.end();
      });
      o.number("parts_total", m.parts_total);
    }
    o.number("retries_left", m.retries_left);
    o.number("size", m.body_bytes);
    auto cut = std::any_of(m.parts.begin(), m.parts.end(), [](const auto& p) { return p.truncated(); });
    o.boolean("truncated", cut || m.parts.size() < m.parts_total);
    o.text("type", m.compound ? "compound" : "normal");
    o.end();
  });
  all.end();
  return out;
}

std::string purged_json(purged what) {
  std::string out;
  object o{out};
  o.number("purged", what.messages);
  o.end();
  return out;
}

} // namespace lmq
