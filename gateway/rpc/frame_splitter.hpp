// Finds where a MessagePack value ends in a stream of bytes that comes in pieces of any size.
//
// Builds nothing: it remembers how far it has looked, and how many values are still to come in each array and
// map that is open. What a length announces costs nothing before it has come, and is refused if it can't fit.
// Held by a session for the frame that is coming in; pure, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace lmq {

/// Why what comes in is no frame.
enum class frame_fault {
  malformed, ///< no MessagePack
  too_large, ///< it has, or announces, more than `bytes_max`
  too_deep,  ///< more than `depth_max` arrays and maps within each other
};

struct frame_limits {
  std::uint64_t bytes_max;
  std::size_t depth_max; ///< at least 1
};

class frame_splitter {
public:
  explicit frame_splitter(frame_limits limits) noexcept : limits_(limits) {}

  /// Goes on where the last call has stopped.
  ///
  /// @param bytes  all that has come, from the frame's first byte on
  /// @returns the frame's size if all of it is there, 0 if not
  /// Errors: see `frame_fault`; the bytes behind can't be told apart then
  /// Cost: O(values that have come since the last call)
  tl::expected<std::size_t, frame_fault> find_end(std::string_view bytes);

  /// The frame has at least so many bytes.
  std::uint64_t bytes_min() const noexcept { return at_ + heads_left_; }

  /// The next frame begins.
  void reset() noexcept;

private:
  frame_limits limits_;
  std::uint64_t at_ = 0;            ///< where the next value begins, or the frame ends
  std::uint64_t heads_left_ = 1;    ///< values that are announced and have not begun
  std::vector<std::uint64_t> open_; ///< values that have not ended in each open array or map; none is 0
};

/// Whether `bytes` are exactly one value.
bool is_one_value(std::string_view bytes, std::size_t depth_max);

} // namespace lmq
