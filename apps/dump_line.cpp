#include "apps/dump_line.hpp"

#include "core/ids.hpp"
#include "core/utf8.hpp"
#include "gateway/http/json_text.hpp"

#include <cstdint>

namespace lmq {

namespace {

std::string_view state_of(const stored_unit* unit) {
  if (unit == nullptr)
    return "ready";
  if (unit->window)
    return "window";
  if (unit->state.lease && *unit->state.lease > duration::zero())
    return "leased";
  return unit->state.exhausted ? "exhausted" : "ready";
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

void append_field(std::string& out, std::string_view name, std::uint64_t number) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_number(out, number);
}

} // namespace

std::string dump_line(std::string_view queue, const stored_message& m, const stored_unit* unit) {
  auto state = unit != nullptr ? unit->state : delivery_state{0, m.retries_left, false, {}, {}};
  auto body = m.content.content.body();
  std::string out;
  out.reserve(256 + body.size() + body.size() / 2);
  out += "{\"queue\":";
  append_json_name(out, queue);
  append_field(out, "id", to_text(lease_id{m.id, state.deliveries, state.home}));
  if (unit != nullptr && unit->compound)
    append_field(out, "compound", to_text(lease_id{unit->unit, state.deliveries, state.home}));
  append_field(out, "state", state_of(unit));
  append_field(out, "deliveries", std::uint64_t{state.deliveries});
  append_field(out, "retries_left", std::uint64_t{state.retries_left});
  append_field(out, "content_type", m.content.content.content_type());
  out += ",\"headers\":[";
  std::string_view before;
  if (m.content.preserved)
    for (const auto& [name, value] : *m.content.preserved) {
      out += before;
      out += '[';
      append_json_string(out, name);
      out += ',';
      append_json_string(out, value);
      out += ']';
      before = ",";
    }
  out += ']';
  if (is_utf8(body)) {
    append_field(out, "body", body);
  } else {
    out += ",\"body_base64\":";
    append_json_base64(out, body);
  }
  out += "}\n";
  return json_in_sight(out);
}

} // namespace lmq
