// Reads an HTTP answer strictly enough to notice a wrong one: no folding, no bare LF, one length.
#include "tests/support/http_response.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace lmq::testing {

namespace {

constexpr std::string_view line_end = "\r\n";

std::size_t to_number(std::string_view digits, int base, const char* what) {
  std::size_t number = 0;
  const auto* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc{} || stop != end)
    throw malformed_response(std::string(what) + " is no number: \"" + std::string(digits) + "\"");
  return number;
}

void read_status_line(std::string_view line, http_response& out) {
  // HTTP/1.1 200 OK
  if (line.size() < 13 || line.substr(0, 7) != "HTTP/1." || line[8] != ' ' || line[12] != ' ')
    throw malformed_response("not a status line: \"" + std::string(line) + "\"");
  out.version = line.substr(0, 8);
  out.status = static_cast<int>(to_number(line.substr(9, 3), 10, "the status"));
  out.reason = line.substr(13);
}

void read_header(std::string_view line, http_response& out) {
  auto colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos || line.find_first_of(" \t") < colon)
    throw malformed_response("not a header: \"" + std::string(line) + "\"");
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  auto last = value.find_last_not_of(" \t");
  value = last == std::string_view::npos ? std::string_view{} : value.substr(0, last + 1);
  out.headers.emplace_back(line.substr(0, colon), value);
}

void read_head(std::string_view head, http_response& out) {
  for (std::size_t at = 0; at < head.size();) {
    auto end = head.find(line_end, at);
    auto line = head.substr(at, end - at);
    if (line.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos)
      throw malformed_response("a control character in the head: \"" + std::string(line) + "\"");
    if (at == 0)
      read_status_line(line, out);
    else
      read_header(line, out);
    at = end + line_end.size();
  }
}

std::optional<std::string> only_value(const http_response& response, std::string_view name) {
  std::optional<std::string> found;
  for (auto& [key, value] : response.headers) {
    if (!same_name(key, name))
      continue;
    if (found)
      throw malformed_response("two headers " + std::string(name));
    found = value;
  }
  return found;
}

/// The end of a chunked body that starts at `at`; nothing while it is incomplete.
std::optional<std::size_t> read_chunks(std::string_view bytes, std::size_t at, std::string& body) {
  for (;;) {
    auto end = bytes.find(line_end, at);
    if (end == std::string_view::npos)
      return std::nullopt;
    auto line = bytes.substr(at, end - at);
    auto size = to_number(line.substr(0, line.find(';')), 16, "the size of a chunk");
    at = end + line_end.size();
    if (bytes.size() - at < size + line_end.size())
      return std::nullopt;
    if (bytes.substr(at + size, line_end.size()) != line_end)
      throw malformed_response("a chunk does not end where it says");
    body += bytes.substr(at, size);
    at += size + line_end.size();
    if (size == 0)
      return at;
  }
}

/// The end of the whole answer in `bytes`; nothing while it is incomplete.
std::optional<std::size_t> read_body(std::string_view bytes, std::size_t at, response_rules rules,
                                     http_response& out) {
  if (rules.to_head || out.is_interim() || out.status == 204 || out.status == 304)
    return at;
  if (auto coding = only_value(out, "transfer-encoding")) {
    if (*coding != "chunked" || out.has_header("content-length"))
      throw malformed_response("not chunked alone: \"" + *coding + "\"");
    return read_chunks(bytes, at, out.body);
  }
  if (auto length = only_value(out, "content-length")) {
    auto size = to_number(*length, 10, "the content-length");
    if (bytes.size() - at < size)
      return std::nullopt;
    out.body = bytes.substr(at, size);
    return at + size;
  }
  if (!rules.stream_ended)
    return std::nullopt;
  out.body = bytes.substr(at);
  return bytes.size();
}

} // namespace

bool same_name(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> http_response::header(std::string_view exact_name) const {
  for (auto& [name, value] : headers)
    if (name == exact_name)
      return value;
  return std::nullopt;
}

bool http_response::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](auto& entry) { return same_name(entry.first, name); });
}

std::optional<http_response> take_response(std::string& buffer, response_rules rules) {
  auto head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string::npos)
    return std::nullopt;
  http_response out;
  read_head(std::string_view{buffer}.substr(0, head_end + line_end.size()), out);
  auto end = read_body(buffer, head_end + 2 * line_end.size(), rules, out);
  if (!end)
    return std::nullopt;
  out.raw = buffer.substr(0, *end);
  buffer.erase(0, *end);
  return out;
}

} // namespace lmq::testing
