// What a request needs from whoever asks it: a right, on one queue or on all. The one table of that.
//
// Pure functions over values; any thread.
#pragma once

#include "gateway/request.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lmq {

enum class right : std::uint8_t {
  push,
  pull,  ///< and to settle what was pulled
  watch, ///< to look at figures of the node and its cluster
  admin, ///< all else, the others included
};

inline constexpr std::array all_rights{right::push, right::pull, right::watch, right::admin};

/// As it stands in a file of tokens: `push`, `pull`, `watch`, `admin`.
std::string_view to_text(right r) noexcept;

/// Some of the rights.
class right_set {
public:
  void add(right r) noexcept { bits_ |= bit(r); }
  bool empty() const noexcept { return bits_ == 0; }

  /// `admin` stands for every right.
  bool includes(right r) const noexcept { return (bits_ & (bit(r) | bit(right::admin))) != 0; }

private:
  static constexpr std::uint8_t bit(right r) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(r));
  }

  std::uint8_t bits_ = 0;
};

struct needed_right {
  right what = right::admin;
  const std::string* queue = nullptr; ///< lies in the request; nullptr: on all queues
};

/// Nothing: open to everybody.
std::optional<needed_right> needed_for(const request& what) noexcept;

/// What it takes besides for what the document of a request says: who has dead letters moved into a queue
/// pushes there. Nothing: no more than the request itself.
std::optional<needed_right> needed_by_document(const request& what) noexcept;

} // namespace lmq
