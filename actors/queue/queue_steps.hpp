// A step of a queue: a verb of its machine, what that makes possible, the effects, the timer.
//
// The queue's actor makes them. The parts of it that have files of their own (queue_orders, queue_home,
// mover) are handed this, so that whatever changes the queue is such a step, within the actor's handlers.
#pragma once

#include "core/time.hpp"

#include <type_traits>

namespace lmq {

class queue_steps {
public:
  /// Calls `verb` with the step's instant and does all that follows from it.
  ///
  /// Throws: what the verb or the carrying out throws; a successor goes on where this one stopped
  /// @returns what the verb returns
  template <class Verb>
  auto step(Verb verb) {
    auto at = now();
    if constexpr (std::is_void_v<decltype(verb(at))>) {
      verb(at);
      finish(at);
    } else {
      auto answer = verb(at);
      finish(at);
      return answer;
    }
  }

  virtual time_point now() = 0;

protected:
  ~queue_steps() = default;

private:
  virtual void finish(time_point at) = 0;
};

} // namespace lmq
