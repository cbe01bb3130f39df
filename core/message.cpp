#include "core/message.hpp"

#include <algorithm>
#include <limits>

namespace lmq {

std::size_t memory_bytes(const message& m) {
  auto bytes = m.content.memory_bytes();
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      bytes += sizeof(header_list::value_type) + name.size() + value.size();
  return bytes;
}

std::size_t body_bytes(const message& m) noexcept {
  return m.away ? m.away_body_bytes : m.content.body().size();
}

std::size_t away_bytes(const message& m) noexcept {
  return std::size_t{m.away_beside_bytes} + m.away_body_bytes;
}

std::size_t away_bytes(const parcel& what) noexcept {
  if (const auto* single = std::get_if<message>(&what))
    return away_bytes(*single);
  std::size_t bytes = 0;
  for (const auto& p : *std::get<std::shared_ptr<const compound>>(what))
    bytes += away_bytes(p.content);
  return bytes;
}

message put_away(const message& m) {
  constexpr std::size_t body_max = std::numeric_limits<std::uint32_t>::max();
  constexpr std::size_t beside_max = std::numeric_limits<std::uint16_t>::max();
  auto body = m.content.body().size(), all = memory_bytes(m);
  return {{},
          nullptr,
          true,
          static_cast<std::uint16_t>(std::min(all - body, beside_max)),
          static_cast<std::uint32_t>(std::min(body, body_max))};
}

bool is_away(const parcel& what) noexcept {
  if (const auto* single = std::get_if<message>(&what))
    return single->away;
  const auto& parts = *std::get<std::shared_ptr<const compound>>(what);
  return std::any_of(parts.begin(), parts.end(), [](const part& p) { return p.content.away; });
}

std::optional<parcel> with_bodies(const parcel& what, message_id unit, const message_reader& read) {
  if (!is_away(what))
    return what;
  if (std::holds_alternative<message>(what)) {
    auto whole = read(unit);
    return whole ? std::optional<parcel>{*std::move(whole)} : std::nullopt;
  }
  auto parts = *std::get<std::shared_ptr<const compound>>(what);
  for (auto& p : parts)
    if (p.content.away) {
      auto whole = read(p.id);
      if (!whole)
        return std::nullopt;
      p.content = *std::move(whole);
    }
  return std::make_shared<const compound>(std::move(parts));
}

} // namespace lmq
