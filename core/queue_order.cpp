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

peeked_part unread_part(const message& m) {
  peeked_part part;
  part.body_bytes = body_bytes(m);
  part.unread = true;
  return part;
}

} // namespace

bool read_allowance::take(std::size_t bytes) noexcept {
  bytes = std::max(bytes, peek_limits::read_bytes_min);
  if (bytes > left_ && !first_)
    return false;
  left_ -= std::min(left_, bytes);
  return true;
}

std::optional<peeked_message> shown(const standing_message& m, const message_reader& read,
                                    read_allowance& allowed) {
  peeked_message out;
  out.id = m.id;
  out.age = m.age;
  out.deliveries = m.deliveries;
  out.retries_left = m.retries_left;
  auto bytes_left = peek_limits::body_bytes_max;
  /// False: it is gone.
  auto show = [&](message_id id, const message& one) {
    if (!one.away) {
      out.parts.push_back(shown_part(one, bytes_left));
    } else if (!allowed.take(away_bytes(one))) {
      out.parts.push_back(unread_part(one));
    } else {
      auto whole = read(id);
      if (!whole)
        return false;
      out.parts.push_back(shown_part(*whole, bytes_left));
    }
    return true;
  };
  if (const auto* single = std::get_if<message>(&m.content)) {
    out.body_bytes = body_bytes(*single);
    if (!show(m.id, *single))
      return std::nullopt;
    allowed.first_is_shown();
    return out;
  }
  const auto& parts = *std::get<std::shared_ptr<const compound>>(m.content);
  out.compound = true;
  out.parts_total = parts.size();
  out.parts.reserve(std::min(parts.size(), peek_limits::parts_max));
  for (const auto& p : parts) {
    out.body_bytes += body_bytes(p.content);
    if (out.parts.size() >= peek_limits::parts_max || bytes_left == 0)
      continue;
    if (!show(p.id, p.content))
      return std::nullopt;
    allowed.first_is_shown();
  }
  return out;
}

} // namespace lmq
