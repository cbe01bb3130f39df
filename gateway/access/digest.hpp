// SHA-256 of a token. What a server keeps of tokens are digests: it never compares the tokens themselves, so
// how long a comparison takes tells nothing of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lmq {

using token_digest = std::array<std::uint8_t, 32>;

/// Any thread; asks for memory once a thread. Cost: below a microsecond for a short text.
token_digest digest_of(std::string_view token);

/// Takes as long for any two.
bool equal(const token_digest& a, const token_digest& b) noexcept;

/// 64 hex digits of either case; nothing if it is something else.
std::optional<token_digest> parse_digest(std::string_view hex) noexcept;

/// Where it goes in a hash table.
struct digest_hash {
  std::size_t operator()(const token_digest& d) const noexcept;
};

struct digest_equal {
  bool operator()(const token_digest& a, const token_digest& b) const noexcept { return equal(a, b); }
};

} // namespace lmq
