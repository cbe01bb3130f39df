// How much memory the messages of this node take, and the gate that is closed when that is more than may be.
//
// Whoever holds messages has a share of the account and says what is held there. Beyond the limit nothing
// passes that clients push; moves do, for they give back what they take. Shared by all who have a share. Any
// thread.
#pragma once

#include "core/push_gate.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace lmq {

class memory_account {
public:
  /// The gate opens again when this part of the limit is free: one in so many.
  static constexpr std::size_t free_share = 10;

  enum class room { enough, none };

  /// Hears of each change, in order, and how much is held then; must not throw.
  using listener = std::function<void(room now, std::size_t held_bytes)>;

  /// @param held_bytes_max  that may be held while the gate is open
  /// @param pushes          closed as push_gate::watched::memory
  /// @param turned          null: nobody hears of it
  memory_account(std::size_t held_bytes_max, std::shared_ptr<push_gate> pushes, listener turned = {});

  /// The node stops, and all that is held is given back: the gate stays as it is, and nothing is told.
  void stop() noexcept { stopped_.store(true); }

  /// Of all shares.
  std::size_t held_bytes() const noexcept { return held_.load(); }

private:
  friend class memory_share;

  void change(std::size_t by) noexcept;
  room room_for(std::size_t held, room before) const noexcept;
  void look() noexcept;

  const std::size_t held_bytes_max_;
  const std::shared_ptr<push_gate> pushes_;
  const listener turned_;
  const refusal why_not_;
  std::atomic<std::size_t> held_{0};
  std::atomic<room> room_{room::enough};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_; ///< held by whoever turns the gate
};

/// What one of those who hold messages has of the account. Its owner's thread.
class memory_share {
public:
  /// @param of  null: nobody counts
  explicit memory_share(std::shared_ptr<memory_account> of = nullptr) noexcept : of_(std::move(of)) {}

  /// Gives back all that it has.
  ~memory_share() { hold(0); }

  memory_share(const memory_share&) = delete;
  memory_share& operator=(const memory_share&) = delete;

  /// So much is held here now. Where memory has run out a gate that was to be closed stays open until the
  /// next change.
  ///
  /// Cost: an atomic addition, where it is not as much as before
  void hold(std::size_t bytes) noexcept {
    if (!of_ || bytes == held_bytes_)
      return;
    auto by = bytes - held_bytes_; // modulo 2^64, and so is the sum
    held_bytes_ = bytes;
    of_->change(by);
  }

private:
  const std::shared_ptr<memory_account> of_;
  std::size_t held_bytes_ = 0;
};

} // namespace lmq
