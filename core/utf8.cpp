#include "core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace lmq {

namespace {

/// Bytes of ASCII at the beginning of `bytes`; in blocks of 8, the rest one by one.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  std::size_t n = 0;
  for (std::uint64_t block = 0; bytes.size() - n >= sizeof block; n += sizeof block) {
    std::memcpy(&block, bytes.data() + n, sizeof block);
    if ((block & 0x8080808080808080u) != 0)
      break;
  }
  while (n < bytes.size() && static_cast<unsigned char>(bytes[n]) < 0x80)
    ++n;
  return n;
}

/// Bytes of the character that `bytes` begin with, which is not ASCII; 0 if it is none.
std::size_t character(std::string_view bytes) noexcept {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  auto first = at(0);
  std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size)
    return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((at(i) & 0xc0) != 0x80)
      return 0;
  // What would be a longer form, a surrogate, or too large shows in the second byte.
  auto second = at(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return size;
}

/// U+FFFD, which stands for what is no text.
constexpr std::string_view replacement = "\xef\xbf\xbd";

constexpr std::string_view digits = "0123456789abcdef";

/// The last `count` digits of it.
void append_digits(std::string& out, char32_t code, int count) {
  for (int shift = 4 * (count - 1); shift >= 0; shift -= 4)
    out += digits[code >> shift & 15];
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept {
  for (bytes.remove_prefix(ascii_prefix(bytes)); !bytes.empty(); bytes.remove_prefix(ascii_prefix(bytes))) {
    auto size = character(bytes);
    if (size == 0)
      return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string text_of_bytes(std::string_view bytes) {
  if (is_utf8(bytes) && bytes.find(replacement) == std::string_view::npos)
    return std::string{bytes};
  std::string text;
  while (!bytes.empty()) {
    auto size = ascii_prefix(bytes);
    if (size == 0 && !bytes.starts_with(replacement))
      size = character(bytes);
    text += bytes.substr(0, size);
    if (size == 0) {
      auto byte = static_cast<unsigned char>(bytes.front());
      text += replacement;
      text += digits[byte >> 4];
      text += digits[byte & 15];
      size = 1;
    }
    bytes.remove_prefix(size);
  }
  return text;
}

std::string bytes_of_text(std::string_view text) {
  std::string bytes;
  for (auto at = text.find(replacement); at != std::string_view::npos; at = text.find(replacement)) {
    bytes += text.substr(0, at);
    text.remove_prefix(at + replacement.size());
    auto high = text.size() < 2 ? std::string_view::npos : digits.find(text[0]);
    auto low = text.size() < 2 ? std::string_view::npos : digits.find(text[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      bytes += replacement;
    } else {
      bytes += static_cast<char>(high << 4 | low);
      text.remove_prefix(2);
    }
  }
  bytes += text;
  return bytes;
}

control_character control_at(std::string_view bytes) noexcept {
  auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  auto first = at(0);
  if (!bytes.empty() && (first < 0x20 || first == 0x7f))
    return {1, first};
  if (first == 0xc2 && at(1) >= 0x80 && at(1) <= 0x9f)
    return {2, at(1)};
  if (first == 0xe2 && at(1) == 0x80 && (at(2) == 0xa8 || at(2) == 0xa9))
    return {3, 0x2000 | (at(2) & 0x3f)};
  return {};
}

std::string in_sight(std::string_view bytes) {
  std::string shown;
  shown.reserve(bytes.size());
  auto escape = [&](char32_t code) {
    shown += code > 0xff ? "\\u" : "\\x";
    append_digits(shown, code, code > 0xff ? 4 : 2);
  };
  while (!bytes.empty()) {
    auto first = static_cast<unsigned char>(bytes.front());
    auto control = control_at(bytes);
    auto size = control.bytes > 0 ? control.bytes : first < 0x80 ? 1 : character(bytes);
    if (control.bytes > 0)
      escape(control.code);
    else if (size == 0)
      escape(first);
    else
      shown += bytes.substr(0, size);
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

std::string json_in_sight(std::string_view document) {
  std::string shown;
  shown.reserve(document.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < document.size();) {
    auto control = control_at(document.substr(at));
    // JSON's white space. A string has none of these as they are.
    bool between_values = control.code == '\n' || control.code == '\r' || control.code == '\t';
    if (control.bytes == 0 || between_values) {
      ++at;
      continue;
    }
    shown += document.substr(copied, at - copied);
    shown += "\\u";
    append_digits(shown, control.code, 4);
    copied = at += control.bytes;
  }
  shown += document.substr(copied);
  return shown;
}

} // namespace lmq
