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

  void close(watched what, refusal why) {
    std::lock_guard lock{mutex_};
    why_[static_cast<std::size_t>(what)] = std::move(why);
    look();
  }

  void open(watched what) {
    std::lock_guard lock{mutex_};
    why_[static_cast<std::size_t>(what)].reset();
    look();
  }

  /// Nothing: a push may pass. Costs a load while it is open.
  std::optional<refusal> refused() const {
    if (!closed_.load(std::memory_order_acquire))
      return std::nullopt;
    std::lock_guard lock{mutex_};
    for (const auto& why : why_)
      if (why)
        return why;
    return std::nullopt;
  }

private:
  void look() { closed_.store(why_[0] || why_[1], std::memory_order_release); }

  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_; ///< guards `why_`
  std::array<std::optional<refusal>, 2> why_;
};

} // namespace lmq
