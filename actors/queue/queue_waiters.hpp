// Who waits for an answer to a pull of one queue, and what reaches them; for the queue's actor, which owns it
// and within whose handlers it is used.
//
// The promises stand in the queue's cell, so that a crash of the actor loses none. Who stands in line, and
// whose turn it is, the machine decides.
#pragma once

#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <vector>

namespace lmq {

class queue_waiters {
public:
  queue_waiters(queue_itself::base& self, queue_cell& cell) : self_(self), cell_(cell) {}

  /// The request that is being handled is answered when that waiter is.
  void promise(waiter_id who);

  /// Answers a waiter with a delivery, with the bodies that were put away. Where nobody waits for it any more
  /// it is given back.
  ///
  /// Throws: nobody has it, and it is as it was
  /// @returns false: nobody takes it, and the queue does not serve, so that it can't be given back now
  bool hand_over(const deliver& due, time_point at);

  void answer_empty(waiter_id who);

  /// It was cancelled. Served it may be already, with a delivery that is not safe yet: that finds nobody, and
  /// is given back.
  void cancelled(waiter_id who);

  /// Those whom the machine has lost ask again: it was not their doing.
  void send_away(const std::vector<waiter_id>& lost);

  /// Whoever is not in line, and waits for no delivery, was being served when the predecessor broke.
  void take_over();

  /// The queue serves elsewhere now: all ask again.
  void drop();

private:
  queue_itself::base& self_;
  queue_cell& cell_;
};

} // namespace lmq
