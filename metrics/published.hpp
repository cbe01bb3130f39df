// A value that one thread writes and any other reads whole, without a lock: a sequence lock.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace lmq {

/// `T` is plain words of 64 bits. Writers take turns: each sees what the one before has written.
template <class T>
class published {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);

public:
  /// Never waits. Cost: a store for each word
  void set(const T& value) noexcept {
    auto raw = std::bit_cast<std::array<std::uint64_t, words>>(value);
    auto turn = turn_.load(std::memory_order_relaxed);
    turn_.store(turn + 1, std::memory_order_relaxed); // odd: being written
    std::atomic_thread_fence(std::memory_order_release);
    for (std::size_t i = 0; i < words; ++i)
      words_[i].store(raw[i], std::memory_order_relaxed);
    turn_.store(turn + 2, std::memory_order_release);
  }

  /// As it was set last; all zero before that. Reads again while it is being written.
  T get() const noexcept {
    std::array<std::uint64_t, words> raw{};
    for (;;) {
      auto before = turn_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < words; ++i)
        raw[i] = words_[i].load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (before % 2 == 0 && turn_.load(std::memory_order_relaxed) == before)
        break;
    }
    return std::bit_cast<T>(raw);
  }

private:
  static constexpr std::size_t words = sizeof(T) / sizeof(std::uint64_t);

  std::atomic<std::uint64_t> turn_ = 0;
  std::array<std::atomic<std::uint64_t>, words> words_{};
};

} // namespace lmq
