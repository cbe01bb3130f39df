#include "event_loop/deadline_timer.hpp"

#include "event_loop/io_unit.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lmq {

using steady = std::chrono::steady_clock;

struct deadline_timer::state : std::enable_shared_from_this<state> {
  explicit state(io_unit& u) : unit(u), timer(u.context()), wheel(steady::now()) {}

  void wind() {
    auto next = wheel.next();
    if (turning || !next || *next >= rises)
      return;
    rises = *next;
    timer.expires_at(rises);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& aborted) {
      if (aborted)
        return;
      if (auto self = weak.lock())
        self->turn();
    });
  }

  void turn() {
    rises = time_point::max();
    turning = true;
    wheel.advance(steady::now());
    turning = false;
    wind();
    unit.flush();
  }

  io_unit& unit;
  boost::asio::steady_timer timer;
  deadline_wheel wheel;
  time_point rises = time_point::max(); ///< when the timer will rise
  bool turning = false;                 ///< in `advance`, after which the timer is wound anyway
};

deadline_timer::deadline_timer(io_unit& unit) : state_(std::make_shared<state>(unit)) {}

deadline_timer::~deadline_timer() = default;

void deadline_timer::arm(deadline& d, time_point at) {
  // A wheel that stood still while it was empty would take the ticks since then for its first work.
  if (state_->wheel.size() == 0)
    state_->wheel.advance(steady::now());
  state_->wheel.arm(d, at);
  state_->wind();
}

void deadline_timer::arm_in(deadline& d, duration after) {
  arm(d, steady::now() + after);
}

std::size_t deadline_timer::size() const noexcept {
  return state_->wheel.size();
}

} // namespace lmq
