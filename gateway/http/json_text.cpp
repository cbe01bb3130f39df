#include "gateway/http/json_text.hpp"

#include "core/utf8.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

namespace lmq {

namespace {

/// Bytes of the well-formed UTF-8 character that `text` begins with; 0 if there is none. ASCII is the
/// caller's.
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto first = byte(0);
  std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                       : first >= 0xe0 && first <= 0xef ? 3
                       : first >= 0xf0 && first <= 0xf4 ? 4
                                                        : 0;
  if (length == 0 || text.size() < length)
    return 0;
  // The second byte's range depends on the first: no overlong forms, no surrogates, nothing beyond U+10FFFF.
  auto low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  auto high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high)
    return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf)
      return 0;
  return length;
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"': out += "\\\""; break;
  case '\\': out += "\\\\"; break;
  case '\n': out += "\\n"; break;
  case '\r': out += "\\r"; break;
  case '\t': out += "\\t"; break;
  default:
    out += "\\u00";
    out += hex[c >> 4];
    out += hex[c & 15];
  }
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto c = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (c >= 0x80 && (taken = utf8_length(text)) > 0) {
      out += text.substr(0, taken);
    } else if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f) {
      taken = 1;
      append_escaped(out, c);
    } else {
      out += static_cast<char>(c);
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

void append_json_name(std::string& out, std::string_view name) {
  append_json_string(out, text_of_bytes(name));
}

void append_json_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out += '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto left = bytes.size() - i;
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  out += '"';
}

void append_json_strings(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  std::string_view before = "";
  for (const auto& text : texts) {
    out += std::exchange(before, ",");
    append_json_string(out, text);
  }
  out += ']';
}

void append_json_number(std::string& out, double number) {
  char text[32];
  auto shown = std::isfinite(number) ? number : 0.0;
  // Samples are kept as float, which is exact to 7 digits: a retention of 0.1 s prints so.
  out.append(text, std::to_chars(text, text + sizeof text, shown, std::chars_format::general, 7).ptr);
}

void append_json_number(std::string& out, std::uint64_t number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

} // namespace lmq
