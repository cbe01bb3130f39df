// Tells the journal what a queue decides, and lets nothing out before it is safe; for the queue's actor,
// which owns it and within whose handlers it is used. Without a journal all is safe.
//
// What is told, and the answers and deliveries that wait for it, stand in the queue's cell (journal_port,
// unsafe_answers): whoever comes after a crash tells it again. Facts of a burst of requests are one batch.
#pragma once

#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"
#include "actors/queue/queue_waiters.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <cstdint>

namespace lmq {

class queue_recorder {
public:
  queue_recorder(queue_itself::base& self, queue_cell& cell, queue_waiters& waiters)
      : self_(self), cell_(cell), waiters_(waiters) {}

  // -- what is decided

  /// What is decided in this step is told under this number; 0: nobody is told.
  std::uint64_t next_batch() const noexcept;

  /// The batch that brought in a message which is held; 0: it is safe.
  std::uint64_t batch_of(message_id id) const;

  /// Takes in the facts that were decided since, and gives the answer that is owed, or lets it wait for them.
  void take_in();

  /// Delivers, now or when the message is safe.
  void let_out(deliver& due, time_point at);

  /// Gives what waits for facts that are safe. It may be given back: more is decided then.
  void let_out_safe(time_point at);

  /// All that was decided is carried out, and will be forgotten.
  void carried_out() noexcept;

  // -- the journal

  /// Sends what has been taken in, which a successor does if this one does not come to it.
  void tell_now();

  /// The journal has all up to that batch.
  void set_safe(std::uint64_t number);

  /// There is room on the disk for a message that is pushed, which takes it.
  bool room_for(message_id id, const message& pushed);

  /// Gives back the room of what is safe, or was not taken in.
  void keep_room();

  // -- the actor

  /// What the journal may not have heard of a predecessor.
  void take_over();

  /// The queue serves elsewhere now: whoever is owed an answer asks again there.
  void drop();

private:
  void tell_later();

  queue_itself::base& self_;
  queue_cell& cell_;
  queue_waiters& waiters_;
  bool telling_ = false; ///< when a flush comes
};

} // namespace lmq
