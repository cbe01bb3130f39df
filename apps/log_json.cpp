#include "apps/log_json.hpp"

#include "core/log_value.hpp"
#include "core/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lmq {

namespace {

using json = nlohmann::json;

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// Length of a key with its `=` at the front; 0: there is none.
std::size_t key_length(std::string_view text) {
  auto end = std::find_if_not(text.begin(), text.end(), is_key_character);
  bool is_key = end != text.begin() && end != text.end() && *end == '=';
  return is_key ? static_cast<std::size_t>(end - text.begin()) + 1 : 0;
}

/// JSON has escapes of its own for 0 to 31; the control characters beyond, and what ends lines in Unicode,
/// may stand in it and do not here.
std::string as_text(std::string_view text) {
  return json_in_sight(json(std::string{text}).dump(-1, ' ', false, json::error_handler_t::replace));
}

/// As JSON has it where it is one of JSON's words for it.
std::string as_value(std::string_view text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_number() || value.is_boolean() ? std::string{text} : as_text(text);
}

void add(std::string& out, std::string_view key, const std::string& value) {
  out += ',';
  out += as_text(key);
  out += ':';
  out += value;
}

} // namespace

std::string log_members(std::string_view level, std::string_view event) {
  auto cut = [&](std::size_t n) {
    auto front = event.substr(0, n);
    event.remove_prefix(std::min(event.size(), n));
    return front;
  };
  auto skip_blanks = [&] { cut(std::min(event.find_first_not_of(' '), event.size())); };
  std::string out = "\"level\":" + as_text(level);
  add(out, "event", as_text(cut(std::min(event.find(' '), event.size()))));
  std::string message;
  for (skip_blanks(); !event.empty(); skip_blanks()) {
    auto key = cut(key_length(event));
    if (key.empty()) {
      message += (message.empty() ? "" : " ") + std::string{cut(std::min(event.find(' '), event.size()))};
      continue;
    }
    key.remove_suffix(1);
    if (event.starts_with('"')) {
      add(out, key, as_text(take_log_value(event)));
    } else {
      add(out, key, as_value(cut(std::min(event.find(' '), event.size()))));
    }
  }
  if (!message.empty())
    add(out, "message", as_text(message));
  return out;
}

} // namespace lmq
