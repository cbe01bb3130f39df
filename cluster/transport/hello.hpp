// The first thing that two nodes say to each other, and whether they want each other.
//
// Plain values; bytes on the wire, in MessagePack: an array that later programs only append to, so that nodes
// of any two versions understand each other's hello, and can say why they part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

struct hello {
  std::string node;
  std::uint64_t incarnation = 0;
  std::uint16_t version_min = 0;
  std::uint16_t version_max = 0;
  std::string host; ///< where the node listens
  std::uint16_t port = 0;
  std::uint64_t session = 0; ///< of the frames that the sender will send, see link_table.hpp
  std::string refusal;       ///< in an answer: why the caller is not wanted; empty: welcome

  friend bool operator==(const hello&, const hello&) = default;
};

/// Longest that is read.
inline constexpr std::size_t hello_bytes_max = 4096;

std::string to_bytes(const hello& h);

/// Nothing: it is not the hello of a node.
std::optional<hello> parse_hello(std::string_view bytes);

/// Why a node is not wanted.
struct objection {
  enum class kind : std::uint8_t { itself, name, version } what = kind::itself;
  std::string sentence; ///< as the one that objects says it to the other
};

/// The version that both will speak, or why one that says `theirs` is not wanted by one that says `ours`.
tl::expected<std::uint16_t, objection> judge(const hello& ours, const hello& theirs);

} // namespace lmq
