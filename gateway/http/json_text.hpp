// Writing JSON by hand, where a document is large or a path is hot: strings and numbers, appended to a text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// `text` with its quotes. Bytes that are no UTF-8 are written as the Latin-1 characters they would be
/// (`\u00ff`), so that the document is JSON whatever it tells.
void append_json_string(std::string& out, std::string_view text);

/// A queue's name, with its quotes: as `text_of_bytes` has it, so that no two names are the same string.
void append_json_name(std::string& out, std::string_view name);

/// A string in base64, with its quotes.
void append_json_base64(std::string& out, std::string_view bytes);

/// `["…","…"]`.
void append_json_strings(std::string& out, const std::vector<std::string>& texts);

/// What JSON has no number for (NaN, infinities) is written as 0. Whole numbers have no fraction.
void append_json_number(std::string& out, double number);

void append_json_number(std::string& out, std::uint64_t number);

} // namespace lmq
