// Hashes that are written out, because every node and every version must agree on them, whatever the standard
// library does.
#pragma once

#include <cstdint>
#include <string_view>

namespace lmq {

/// splitmix64's last steps: spreads a difference in any bit over all of them.
constexpr std::uint64_t mix_bits(std::uint64_t x) noexcept {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}

/// By which splitmix64 counts.
inline constexpr std::uint64_t mix_step = 0x9e3779b97f4a7c15ULL;

/// FNV-1a, going on from `from`. Spreads short texts badly: `mix_bits` mends that.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t from) noexcept {
  for (unsigned char c : text)
    from = (from ^ c) * 0x100000001b3ULL;
  return from;
}

} // namespace lmq
