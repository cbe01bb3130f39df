// What tests ask of a JSON text: that it is JSON, and that it is compact. Free functions over values.
#pragma once

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace lmq::testing {

/// The value of a text that must be JSON, with its members in the order of the text.
/// Errors: std::runtime_error that shows the text
inline nlohmann::ordered_json parse_json(std::string_view text) {
  auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (value.is_discarded())
    throw std::runtime_error("not JSON: \"" + std::string(text) + "\"");
  return value;
}

/// Whether the text has no blanks outside its strings.
inline bool is_compact_json(std::string_view text) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r'))
      return false;
  }
  return true;
}

} // namespace lmq::testing
