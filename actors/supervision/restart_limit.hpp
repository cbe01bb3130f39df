// How often an actor may crash before it is left alone. Plain: time is handed in. Owned by a supervisor, one
// for each actor that it watches; a limit that never counted a crash holds no heap memory.
#pragma once

#include "core/time.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lmq {

class restart_limit {
public:
  /// Restarts within `window` that are tried; the crash after them is one too many.
  static constexpr std::size_t restarts_max = 5;
  static constexpr duration window = std::chrono::seconds{10};

  /// How long a part that the node can't do without is left alone before it is tried again.
  static constexpr duration pause = std::chrono::seconds{1};

  /// Counts a crash.
  /// @returns whether the actor may be started again
  bool allows(time_point now) {
    crashes_.erase(
      std::remove_if(crashes_.begin(), crashes_.end(), [&](auto at) { return now - at >= window; }),
      crashes_.end());
    if (crashes_.size() >= restarts_max)
      return false;
    crashes_.push_back(now);
    return true;
  }

  /// Somebody has looked at it: count from nothing.
  void reset() noexcept { crashes_.clear(); }

private:
  std::vector<time_point> crashes_; ///< of the window, oldest first
};

} // namespace lmq
