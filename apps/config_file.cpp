#include "apps/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace lmq {

namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view how_to_write_values =
  "write text in double quotes; only numbers, true and false stand without";

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_bare_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_bare_value(std::string_view text) {
  return text == "true" || text == "false" ||
         (!text.empty() && text.find_first_not_of("0123456789.+-") == std::string_view::npos);
}

/// Takes a quoted string off the front of `rest`. Nothing if it does not end, or holds an escape that is
/// none.
checked<std::string> take_quoted(std::string_view& rest) {
  auto quote = rest.front();
  std::string out;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == quote) {
      rest.remove_prefix(i + 1);
      return out;
    }
    if (quote == '"' && rest[i] == '\\') {
      constexpr std::string_view escapes = "\"\\tn";
      constexpr std::string_view meanings = "\"\\\t\n";
      auto which = i + 1 < rest.size() ? escapes.find(rest[i + 1]) : std::string_view::npos;
      if (which == std::string_view::npos)
        return tl::unexpected<std::string>(R"(behind a backslash stands one of " \ t n)");
      out += meanings[which];
      ++i;
    } else {
      out += rest[i];
    }
  }
  return tl::unexpected<std::string>(fmt::format("the closing {} is missing", quote));
}

/// The value that `text` begins with, if a comment at most follows it.
checked<std::string> parse_value(std::string_view text) {
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    auto value = take_quoted(text);
    auto rest = trimmed(text);
    if (value && !rest.empty() && rest.front() != '#')
      return tl::unexpected<std::string>(
        fmt::format("only a comment may follow the value, not \"{}\"", rest));
    return value;
  }
  auto bare = trimmed(text.substr(0, text.find('#')));
  if (!is_bare_value(bare))
    return tl::unexpected<std::string>(fmt::format("\"{}\" is no value; {}", bare, how_to_write_values));
  return std::string{bare};
}

checked<given_setting> parse_line(std::string_view line, const std::string& place) {
  auto complain = [&](std::string_view what) {
    return tl::unexpected<std::string>(fmt::format("{}: {}", place, what));
  };
  if (line.front() == '[')
    return complain("there are no sections; write each setting as key = value");
  auto equals = line.find('=');
  auto key = std::string{trimmed(line.substr(0, equals))};
  if (equals == std::string_view::npos || !is_bare_key(key))
    return complain("a line is key = value, like threads = 2");
  auto value = parse_value(trimmed(line.substr(equals + 1)));
  if (!value)
    return complain(fmt::format("{}: {}", key, value.error()));
  return given_setting{key, *std::move(value), fmt::format("{}: {}", place, key)};
}

} // namespace

checked<std::vector<given_setting>> parse_config(std::string_view text, const std::string& name) {
  std::vector<given_setting> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto end = text.find('\n');
    auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#')
      continue;
    auto setting = parse_line(line, fmt::format("{}:{}", name, number));
    if (!setting)
      return tl::unexpected<std::string>(std::move(setting).error());
    auto same_key = [&](const given_setting& other) { return other.key == setting->key; };
    if (std::any_of(out.begin(), out.end(), same_key))
      return tl::unexpected<std::string>(
        fmt::format("{}: it was set before; keep one of the lines", setting->place));
    out.push_back(*std::move(setting));
  }
  return out;
}

checked<std::vector<given_setting>> read_config_file(const std::string& path) {
  auto complain = [&] {
    return tl::unexpected<std::string>(
      fmt::format("{}: can't read it: {}; name a file of key = value lines", path, std::strerror(errno)));
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "re"), &std::fclose};
  if (file == nullptr)
    return complain();
  std::string text;
  std::array<char, 4096> chunk{};
  while (auto count = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    text.append(chunk.data(), count);
  if (std::ferror(file.get()) != 0)
    return complain();
  return parse_config(text, path);
}

} // namespace lmq
