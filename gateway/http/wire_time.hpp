// Seconds as clients write and read them: decimal numbers, kept to the millisecond.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lmq {

/// Digits with at most one point among them: `0`, `1.5`, `.5`. No sign, no exponent, no blanks.
///
/// @param max  what is longer is clamped to this, however long it is
/// @returns nothing if the text is no such number. A time that is not 0 does not become 0: it lasts at least
/// 1 ms
std::optional<std::chrono::milliseconds> parse_wire_seconds(std::string_view text,
                                                            std::chrono::milliseconds max);

/// Appends `time` in seconds; whole numbers have no fraction: 30, 0.5, 1.234.
void append_wire_seconds(std::string& out, std::chrono::milliseconds time);

} // namespace lmq
