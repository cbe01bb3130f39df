// A minimal HTTP answer parser; cheaper than any server's.
#include "tests/bench/load/http_answer.hpp"

#include <charconv>
#include <cstring>

namespace lmq::bench {

namespace {

// Header names are compared by their lower-case letters; `name` must be lower case, with its colon.
bool begins_with_name(std::string_view line, std::string_view name) noexcept {
  if (line.size() < name.size())
    return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = line[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != name[i])
      return false;
  }
  return true;
}

std::string_view value_after(std::string_view line, std::size_t name_bytes) noexcept {
  line.remove_prefix(name_bytes);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
    line.remove_prefix(1);
  return line;
}

constexpr std::string_view content_length = "content-length:";
constexpr std::string_view connection_close = "connection: close";
constexpr std::string_view transfer_encoding = "transfer-encoding:";
constexpr std::string_view message_id = "x-lmq-message-id:";
constexpr std::string_view queue_name = "x-lmq-queue-name:";

} // namespace

http_answer parse_http_answer(std::string_view received) noexcept {
  http_answer result;
  std::size_t body_bytes = 0;
  std::size_t at = 0;
  for (bool first = true;; first = false) {
    const auto* newline =
      static_cast<const char*>(std::memchr(received.data() + at, '\n', received.size() - at));
    if (newline == nullptr)
      return result;
    auto line = received.substr(at, static_cast<std::size_t>(newline - received.data()) - at);
    at += line.size() + 1;
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (first) {
      if (line.size() < 12 || !line.starts_with("HTTP/1.") ||
          std::from_chars(line.data() + 9, line.data() + 12, result.status).ec != std::errc{}) {
        result.is = http_answer::state::malformed;
        return result;
      }
      continue;
    }
    if (line.empty())
      break;
    switch (line.front() | 0x20) {
    case 'c':
      if (begins_with_name(line, content_length)) {
        const auto digits = value_after(line, content_length.size());
        if (std::from_chars(digits.data(), digits.data() + digits.size(), body_bytes).ec != std::errc{}) {
          result.is = http_answer::state::malformed;
          return result;
        }
      } else if (begins_with_name(line, connection_close)) {
        result.closes = true;
      }
      break;
    case 't':
      if (begins_with_name(line, transfer_encoding)) {
        result.is = http_answer::state::malformed;
        return result;
      }
      break;
    case 'x':
      if (begins_with_name(line, message_id))
        result.message_id = value_after(line, message_id.size());
      else if (begins_with_name(line, queue_name))
        result.queue_name = value_after(line, queue_name.size());
      break;
    default: break;
    }
  }
  if (received.size() - at < body_bytes)
    return result;
  result.is = http_answer::state::complete;
  result.body = received.substr(at, body_bytes);
  result.bytes = at + body_bytes;
  return result;
}

} // namespace lmq::bench
