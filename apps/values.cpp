#include "apps/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace lmq {

namespace {

constexpr std::size_t node_name_bytes_max = 255;

constexpr std::array<std::pair<std::string_view, std::size_t>, 4> byte_units{
  {{"GiB", std::size_t{1} << 30}, {"MiB", std::size_t{1} << 20}, {"KiB", std::size_t{1} << 10}, {"B", 1}}};

constexpr std::array<std::pair<std::string_view, log_level>, 5> log_levels{{{"debug", log_level::debug},
                                                                            {"info", log_level::info},
                                                                            {"warn", log_level::warn},
                                                                            {"error", log_level::error},
                                                                            {"off", log_level::off}}};

template <class... Ts>
tl::unexpected<std::string> wrong(fmt::format_string<Ts...> sentence, Ts&&... values) {
  return tl::unexpected<std::string>(fmt::format(sentence, std::forward<Ts>(values)...));
}

/// All of the text, or nothing.
template <class Number>
bool read_number(std::string_view text, Number& into) {
  auto end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, into);
  return error == std::errc{} && stop == end;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

} // namespace

checked<std::size_t> parse_bytes(std::string_view text) {
  auto factor = std::size_t{1};
  auto number = text;
  for (auto& [unit, bytes] : byte_units)
    if (text.ends_with(unit)) {
      factor = bytes;
      number.remove_suffix(unit.size());
      break;
    }
  std::size_t count = 0;
  if (!read_number(number, count))
    return wrong("\"{}\" is not a size; write whole bytes, or KiB, MiB or GiB, like 65536 or 64MiB", text);
  if (count == 0 || count > bytes_max / factor)
    return wrong("\"{}\" is out of range; a size is from 1 to {}", text, bytes_to_text(bytes_max));
  return count * factor;
}

checked<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  double seconds = 0;
  auto decimal = text.find_first_not_of("0123456789.") == std::string_view::npos;
  if (!decimal || !read_number(text, seconds))
    return wrong("\"{}\" is not a time; write a decimal number of seconds, like 10 or 2.5", text);
  constexpr auto most = std::chrono::duration<double>(seconds_max).count();
  if (seconds < 0.001 || seconds > most)
    return wrong("\"{}\" is out of range; a time is from 0.001 to {} seconds", text, most);
  return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

checked<std::size_t> parse_whole(std::string_view text, whole_range range) {
  std::size_t number = 0;
  if (!read_number(text, number) || number < range.least || number > range.most)
    return wrong("\"{}\" is not a whole number from {} to {}", text, range.least, range.most);
  return number;
}

checked<bool> parse_switch(std::string_view text) {
  if (text != "true" && text != "false")
    return wrong("\"{}\" is neither true nor false", text);
  return text == "true";
}

checked<log_form> parse_log_form(std::string_view text) {
  if (text == "text")
    return log_form::text;
  if (text == "json")
    return log_form::json;
  return wrong("\"{}\" is no form of a log; write text or json", text);
}

checked<log_level> parse_log_level(std::string_view text) {
  for (auto& [name, level] : log_levels)
    if (name == text)
      return level;
  return wrong("\"{}\" is no level; there are debug, info, warn, error and off", text);
}

checked<std::string> parse_node_name(std::string_view text) {
  if (text.empty() || text.size() > node_name_bytes_max || !printable(text))
    return wrong("\"{}\" can't be a node's name; it has 1 to {} printable ASCII characters and no blanks",
                 text, node_name_bytes_max);
  return std::string{text};
}

std::string bytes_to_text(std::size_t bytes) {
  for (auto& [unit, size] : byte_units)
    if (size > 1 && bytes >= size && bytes % size == 0)
      return fmt::format("{}{}", bytes / size, unit);
  return fmt::format("{}", bytes);
}

std::string seconds_to_text(std::chrono::milliseconds time) {
  return fmt::format("{}", std::chrono::duration<double>(time).count());
}

std::string_view to_text(log_form form) noexcept {
  return form == log_form::json ? "json" : "text";
}

std::string_view to_text(log_level level) {
  for (auto& [name, value] : log_levels)
    if (value == level)
      return name;
  return {};
}

} // namespace lmq
