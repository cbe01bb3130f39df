// What operators ask of a queue's messages: looks at them, the removal of one, purges; for the queue's actor,
// which owns it and within whose handlers it is used.
//
// A purge goes in slices: each is a step of its own, behind the facts of the one before, and in between
// everybody else has a turn. It goes up to where the line ended when it was asked for. Those that are under
// way stand in the queue's cell; a successor goes on with them.
#pragma once

#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"
#include "actors/queue/queue_recorder.hpp"
#include "actors/queue/queue_steps.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <cstddef>

namespace lmq {

class queue_orders {
public:
  queue_orders(queue_itself::base& self, queue_steps& steps, queue_cell& cell, queue_recorder& recorder)
      : self_(self), steps_(steps), cell_(cell), recorder_(recorder) {}

  /// Carries out what the request that is being handled asks for; a purge may be answered later.
  caf::result<order_outcome> take(const queue_order& what);

  /// The next slice of a purge may be cut.
  bool purge_is_due() const;

  /// Cuts it. Should that break, whoever asked hears it, as of any request; what earlier slices dropped stays
  /// dropped.
  void purge_on();

  /// The queue serves elsewhere now: whoever waits for a purge asks again there.
  void drop();

private:
  peeked_messages look_at(std::size_t n);
  void remove(message_id which);
  void purge();

  queue_itself::base& self_;
  queue_steps& steps_;
  queue_cell& cell_;
  queue_recorder& recorder_;
};

} // namespace lmq
