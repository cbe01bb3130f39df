// A deadline wheel that turns: the wheel of an I/O thread and the one timer that wakes it.
//
// Lives on its unit's thread. The timer is armed only while deadlines are; a server without connections
// sleeps.
#pragma once

#include "event_loop/deadline_wheel.hpp"

#include <memory>

namespace lmq {

class io_unit;

class deadline_timer {
public:
  using time_point = deadline_wheel::time_point;
  using duration = deadline_wheel::duration;

  /// Own thread, like everything else. @param unit  outlives it
  explicit deadline_timer(io_unit& unit);

  /// Deadlines that are left become unarmed.
  ~deadline_timer();

  deadline_timer(const deadline_timer&) = delete;
  deadline_timer& operator=(const deadline_timer&) = delete;

  /// Arms `d` for `at`, or moves it there; see `deadline_wheel::arm`. To cancel: `d.cancel()`.
  void arm(deadline& d, time_point at);

  /// The same, from now.
  void arm_in(deadline& d, duration after);

  /// Deadlines armed.
  std::size_t size() const noexcept;

private:
  struct state;
  std::shared_ptr<state> state_; ///< the timer's handler may outlive us by a turn of the loop
};

} // namespace lmq
