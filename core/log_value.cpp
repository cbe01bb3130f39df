#include "core/log_value.hpp"

#include <algorithm>
#include <charconv>
#include <exception>

namespace lmq {

namespace {

constexpr char quote = '"';
constexpr char escape = '\\';

bool stands_bare(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"._:/@+-"}.find(c) != std::string_view::npos;
}

bool is_empty_or_no_text(std::string_view value) noexcept {
  double number = 0;
  auto end = value.data() + value.size();
  return value.empty() || value == "true" || value == "false" ||
         std::from_chars(value.data(), end, number).ptr == end;
}

} // namespace

std::string log_value(std::string_view value) noexcept {
  try {
    if (std::all_of(value.begin(), value.end(), stands_bare) && !is_empty_or_no_text(value))
      return std::string{value};
    std::string out{quote};
    out.reserve(value.size() + 2);
    for (char c : value) {
      if (c == quote || c == escape)
        out += escape;
      out += c;
    }
    return out + quote;
  } catch (const std::exception&) {
    return "?";
  }
}

std::string take_log_value(std::string_view& line) {
  std::string out;
  std::size_t at = 1;
  for (; at < line.size() && line[at] != quote; ++at) {
    if (line[at] == escape && at + 1 < line.size())
      ++at;
    out += line[at];
  }
  line.remove_prefix(std::min(at + 1, line.size()));
  return out;
}

} // namespace lmq
