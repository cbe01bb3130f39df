#include "core/queue_order.hpp"

#include <algorithm>
#include <string_view>

namespace lmq {

namespace {

/// As much of it as that, without half of a character at the end.
std::string_view cut_to(std::string_view body, std::size_t bytes) {
  if (body.size() <= bytes)
    return body;
  constexpr std::size_t continuations_max = 3;
  for (std::size_t back = 0; back <= std::min(continuations_max, bytes); ++back)
    if ((static_cast<unsigned char>(body[bytes - back]) & 0xc0) != 0x80)
      return body.substr(0, bytes - back);
  return body.substr(0, bytes); // it is no text
}

peeked_part shown_part(const message& m, std::size_t& bytes_left) {
  peeked_part part;
  auto body = m.content.body();
  part.content_type = m.content.content_type();
  if (m.preserved)
    part.preserved = *m.preserved;
  part.body_bytes = body.size();
  part.body = cut_to(body, bytes_left);
  auto taken = part.body.size() + part.content_type.size();
  for (const auto& [name, value] : part.preserved)
    taken += name.size() + value.size();
  bytes_left -= part.truncated() ? bytes_left : std::min(bytes_left, taken);
  return part;
}

} // namespace

peeked_message shown(const standing_message& whole) {
  peeked_message out;
  out.id = whole.id;
  out.age = whole.age;
  out.deliveries = whole.deliveries;
  out.retries_left = whole.retries_left;
  auto bytes_left = peek_limits::body_bytes_max;
  if (const auto* single = std::get_if<message>(&whole.content)) {
    out.body_bytes = single->content.body().size();
    out.parts.push_back(shown_part(*single, bytes_left));
    return out;
  }
  const auto& parts = *std::get<std::shared_ptr<const compound>>(whole.content);
  out.compound = true;
  out.parts_total = parts.size();
  out.parts.reserve(std::min(parts.size(), peek_limits::parts_max));
  for (const auto& p : parts) {
    out.body_bytes += p.content.content.body().size();
    if (out.parts.size() < peek_limits::parts_max && bytes_left > 0)
      out.parts.push_back(shown_part(p.content, bytes_left));
  }
  return out;
}

} // namespace lmq
