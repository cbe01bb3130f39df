// Whether this node takes pushes: closed and opened by those who watch what they fill, asked by whoever takes
// them in. Pulls and settles always pass, for they make room. Any thread.
#pragma once

#include "core/result.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace lmq {

class push_gate {
public:
  /// What is watched; each closes and opens for itself.
  enum class watched : std::size_t { disk, memory };

  /// What does not pass. A move, of a dead letter from queue to queue, is a push and then a settle: it takes
  /// room and gives it back, and while it waits nobody can pull the message.
  enum class closed_for {
    clients, ///< what clients push
    all,     ///< moves, too
  };

  void close(watched what, closed_for whom, refusal why) {
    std::lock_guard lock{mutex_};
    closed_by_[static_cast<std::size_t>(what)] = {whom, std::move(why)};
    look();
  }

  void open(watched what) {
    std::lock_guard lock{mutex_};
    closed_by_[static_cast<std::size_t>(what)].reset();
    look();
  }

  /// Nothing: what a client pushes may pass. Costs a load while it is open.
  std::optional<refusal> refused() const { return refused(closed_for::clients); }

  /// Nothing: a move may pass.
  std::optional<refusal> move_refused() const { return refused(closed_for::all); }

private:
  struct closing {
    closed_for whom;
    refusal why;
  };

  std::optional<refusal> refused(closed_for at_least) const {
    if (!closed_.load(std::memory_order_acquire))
      return std::nullopt;
    std::lock_guard lock{mutex_};
    for (const auto& by : closed_by_)
      if (by && by->whom >= at_least)
        return by->why;
    return std::nullopt;
  }

  void look() { closed_.store(closed_by_[0] || closed_by_[1], std::memory_order_release); }

  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_; ///< guards `closed_by_`
  std::array<std::optional<closing>, 2> closed_by_;
};

} // namespace lmq
