// Values as people write them (addresses, sizes, times, levels), read from text and printed again.
//
// Plain functions; any thread. Text ends here: behind this line there are types.
#pragma once

#include "core/host_port.hpp"

#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace lmq {

/// A value, or a sentence that says what is wrong and what to write instead.
template <class T>
using checked = tl::expected<T, std::string>;

/// What is logged: this and what is more severe.
enum class log_level { debug, info, warn, error, off };

/// How the log's lines look.
enum class log_form { text, json };

/// A whole number of bytes, alone or with B, KiB, MiB or GiB behind it: `65536`, `64MiB`. At most
/// `bytes_max`.
checked<std::size_t> parse_bytes(std::string_view text);
inline constexpr std::size_t bytes_max = std::size_t{1} << 40;

/// A decimal number of seconds: `10`, `2.5`. Kept to the millisecond; more than 0, at most `seconds_max`.
checked<std::chrono::milliseconds> parse_seconds(std::string_view text);
inline constexpr std::chrono::hours seconds_max{24 * 366};

/// A whole number from `least` to `most`.
struct whole_range {
  std::size_t least;
  std::size_t most;
};
checked<std::size_t> parse_whole(std::string_view text, whole_range range);

/// `true` or `false`.
checked<bool> parse_switch(std::string_view text);

checked<log_level> parse_log_level(std::string_view text);

/// `text` or `json`.
checked<log_form> parse_log_form(std::string_view text);

/// What a node may be called: 1 to 255 printable characters of ASCII without blanks.
checked<std::string> parse_node_name(std::string_view text);

// Back to text, as short as the parsers above would take it.
std::string bytes_to_text(std::size_t bytes);
std::string seconds_to_text(std::chrono::milliseconds time);
std::string_view to_text(log_level level);
std::string_view to_text(log_form form) noexcept;

} // namespace lmq
