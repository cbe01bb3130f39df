// How much may be written before a disk must be looked at again: what pushes take of it is counted from the
// instant at which they are let in, not when the disk is seen to be fuller.
//
// Whoever watches the disk says how much room there is; each queue has a share, which takes room for a
// message before it is decided on, and gives it back when the message is stored and so a part of what the
// next look sees. Plain; any thread. Owned by the wiring of the node.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace lmq {

class write_room {
public:
  /// A message is written twice before the log that it was in goes: there, and into a table.
  static constexpr std::uint64_t writes_of_a_message = 2;
  /// Of keys and what is kept beside a body. Units: bytes
  static constexpr std::uint64_t bytes_beside = 256;

  /// Before the disk is looked at. What is stored by then the look sees.
  /// @returns for `set`
  std::uint64_t stored() const noexcept { return stored_.load(std::memory_order_acquire); }

  /// @param bytes   that may be written beside what must be kept free, as the look has shown
  /// @param stored  as it was before the look
  void set(std::uint64_t bytes, std::uint64_t stored) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    end_.store(bytes > most - stored ? most : stored + bytes, std::memory_order_release);
    room_.store(bytes, std::memory_order_relaxed);
  }

  /// Half of what there was at the last look is taken: it is time for another one.
  bool should_look() const noexcept {
    auto end = end_.load(std::memory_order_relaxed), taken = taken_.load(std::memory_order_relaxed);
    return taken >= end || end - taken < room_.load(std::memory_order_relaxed) / 2;
  }

private:
  friend class write_share;

  bool take(std::uint64_t bytes) noexcept {
    auto taken = taken_.fetch_add(bytes, std::memory_order_acq_rel);
    auto end = end_.load(std::memory_order_acquire);
    if (taken <= end && bytes <= end - taken)
      return true;
    taken_.fetch_sub(bytes, std::memory_order_acq_rel);
    return false;
  }

  void store(std::uint64_t bytes) noexcept { stored_.fetch_add(bytes, std::memory_order_acq_rel); }

  std::atomic<std::uint64_t> taken_{0};                                       ///< ever
  std::atomic<std::uint64_t> stored_{0};                                      ///< of that, or given up
  std::atomic<std::uint64_t> end_{std::numeric_limits<std::uint64_t>::max()}; ///< of what may be taken
  std::atomic<std::uint64_t> room_{std::numeric_limits<std::uint64_t>::max()};
};

/// What one queue has taken. Its owner's thread.
class write_share {
public:
  /// @param of  null: there is always room
  explicit write_share(std::shared_ptr<write_room> of = nullptr) noexcept : of_(std::move(of)) {}

  ~write_share() { keep(0, 0); }

  write_share(const write_share&) = delete;
  write_share& operator=(const write_share&) = delete;

  /// Takes room for a message of so many bytes. Cost: an atomic addition
  /// @returns false: there is none, and nothing is taken
  bool take(std::size_t bytes) noexcept {
    if (!of_)
      return true;
    auto all = cost(1, bytes);
    if (!of_->take(all))
      return false;
    held_ += all;
    return true;
  }

  /// So many messages, of so many bytes together, are not stored yet; what else was taken is given back.
  void keep(std::size_t messages, std::size_t bytes) noexcept {
    auto all = cost(messages, bytes);
    if (!of_ || held_ <= all)
      return;
    of_->store(held_ - all);
    held_ = all;
  }

private:
  static std::uint64_t cost(std::size_t messages, std::size_t bytes) noexcept {
    return write_room::writes_of_a_message * (bytes + messages * write_room::bytes_beside);
  }

  const std::shared_ptr<write_room> of_;
  std::uint64_t held_ = 0;
};

} // namespace lmq
