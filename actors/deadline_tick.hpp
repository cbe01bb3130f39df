// The one timer of an actor: a tick that comes at the earliest instant at which something is due.
//
// CAF 0.17.6 can't take a scheduled message back, so a tick carries a number and only the latest counts; a
// stale one is dropped. An earlier deadline sends a new tick, a later one waits for the tick under way.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor_clock.hpp>
#include <cstdint>
#include <optional>

namespace lmq {

class deadline_tick {
public:
  /// Makes sure that a tick is under way for `deadline`, if there is one.
  template <class Actor>
  void arm(Actor& self, std::optional<time_point> deadline) {
    if (!deadline || (armed_ && *armed_ <= *deadline))
      return;
    armed_ = *deadline;
    self.scheduled_send(&self, *armed_, tick_atom::value, ++number_);
  }

  /// True where the tick is the one that counts; another may be armed then.
  bool accept(std::uint64_t number) {
    if (number != number_)
      return false;
    armed_.reset();
    return true;
  }

private:
  std::optional<time_point> armed_;
  std::uint64_t number_ = 0;
};

} // namespace lmq
