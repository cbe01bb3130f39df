// How much memory the answers take that clients have not taken yet, and whether there is room for one more.
//
// Counts those of all connections of a server. Who finds no room makes it crowded; it is so until a part of
// the room is free, and meanwhile connections that take nothing are closed (see connection). Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace lmq {

class outgoing_room {
public:
  /// It is crowded until this part of it is free: one in so many.
  static constexpr std::size_t free_share = 4;

  /// Hears of each change, and how much is held then; must not throw.
  using listener = std::function<void(bool crowded, std::size_t held_bytes)>;

  /// @param turned  null: nobody hears of it
  explicit outgoing_room(std::size_t held_bytes_max, listener turned = {})
      : held_bytes_max_(held_bytes_max), turned_(std::move(turned)) {}

  /// Whether a large answer may be held beside those that are. One that is let in may be larger than what is
  /// left: there is never more than the most and one answer of each thread, and none is too large for ever.
  /// Cost: an atomic load, where there is room
  bool let_in() noexcept;

  /// A connection holds so much more, or less: modulo 2^64, and so is the sum.
  void change(std::size_t by) noexcept;

  /// Somebody found no room, and not enough is free since. Cost: an atomic load
  bool crowded() const noexcept { return crowded_.load(std::memory_order_relaxed); }

  /// A connection was closed because it was crowded.
  void count_closed() noexcept { closed_.fetch_add(1, std::memory_order_relaxed); }

  std::size_t held_bytes_max() const noexcept { return held_bytes_max_; }
  std::size_t held_bytes() const noexcept { return held_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }
  std::uint64_t closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

private:
  void turn(bool crowded) noexcept;

  const std::size_t held_bytes_max_;
  const listener turned_;
  std::atomic<std::size_t> held_{0};
  std::atomic<bool> crowded_{false};
  std::atomic<std::uint64_t> refused_{0}, closed_{0};
};

} // namespace lmq
