// Which bytes are text.
#pragma once

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

} // namespace lmq
