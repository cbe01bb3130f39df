// Whether this node takes pushes: closed and opened by whoever watches what they fill, asked by whoever takes
// them in. Pulls and settles always pass, for they make room. Any thread.
#pragma once

#include "core/result.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

namespace lmq {

class push_gate {
public:
  void close(refusal why) {
    std::lock_guard lock{mutex_};
    why_ = std::move(why);
    closed_.store(true, std::memory_order_release);
  }

  void open() noexcept { closed_.store(false, std::memory_order_release); }

  /// Nothing: a push may pass. Costs a load while it is open.
  std::optional<refusal> refused() const {
    if (!closed_.load(std::memory_order_acquire))
      return std::nullopt;
    std::lock_guard lock{mutex_};
    return why_;
  }

private:
  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_; ///< guards `why_`
  refusal why_;
};

} // namespace lmq
