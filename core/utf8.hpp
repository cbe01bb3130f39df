// Which bytes are text, and what of it is shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmq {

/// UTF-8 as RFC 3629 has it: in the shortest form, without surrogates, up to U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;

/// Any bytes as text, each differently: what is no UTF-8 in them, and U+FFFD itself, is written as U+FFFD and
/// two hexadecimal digits for each byte. What is UTF-8 without U+FFFD stays as it is.
std::string text_of_bytes(std::string_view bytes);

/// The same backwards. A U+FFFD without two digits (0 to 9, a to f) behind it stays.
std::string bytes_of_text(std::string_view text);

/// What a terminal, or who reads lines, obeys instead of showing it: a control character of ASCII or of C1 (0
/// to 31, 127 to 159), or U+2028 or U+2029, which end lines.
struct control_character {
  std::size_t bytes = 0; ///< in UTF-8
  char32_t code = 0;
};

/// The one that `bytes` begin with; of 0 bytes: they don't.
control_character control_at(std::string_view bytes) noexcept;

/// Any bytes as text of one line that can be shown to a person whoever wrote it. Control characters, and
/// bytes that are no UTF-8, are written as \x1b; U+2028 and U+2029 as \u2028. For the eye: it can't be read
/// back, for a backslash stays one. O(n)
std::string in_sight(std::string_view bytes);

/// A JSON text that says the same, and in which no control character stands but the line ends and tabs
/// between its values: those in its strings, which JSON allows from 127 on, are written as \u009b. O(n)
std::string json_in_sight(std::string_view document);

} // namespace lmq
