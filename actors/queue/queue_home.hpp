// What a queue takes in and lets go of as its home changes, see queue_handle; for the queue's actor, which
// owns it and within whose handlers it is used. Only where there is a journal.
//
// What has come and is not finished stands in the queue's cell (journal_port): a successor finishes it. How
// the messages become those of this home, the machine decides (queue_handover.cpp).
#pragma once

#include "actors/messages.hpp"
#include "actors/queue/mover.hpp"
#include "actors/queue/queue_cell.hpp"
#include "actors/queue/queue_orders.hpp"
#include "actors/queue/queue_recorder.hpp"
#include "actors/queue/queue_steps.hpp"
#include "actors/queue/queue_waiters.hpp"

namespace lmq {

class queue_home {
public:
  /// The parts of the same queue, which let go with it.
  struct parts {
    queue_waiters& waiters;
    queue_recorder& recorder;
    queue_orders& orders;
    mover& moves;
  };

  queue_home(queue_steps& steps, queue_cell& cell, parts of) : steps_(steps), cell_(cell), of_(of) {}

  /// The queue is at home here, with these units.
  /// @returns whether it was not before
  bool serve(const unit_list& units);

  /// It is not for now; its messages stay.
  void hold();

  /// Others held these units, too.
  void adopt(const unit_list& units);

  /// These were settled elsewhere.
  void forget(const settled_messages& gone);

  /// It is at home elsewhere: nothing stays, and whoever waits asks again.
  void drop();

  /// What a predecessor has not finished, and what the journal may not have heard.
  void take_over();

private:
  void finish_adopting(time_point at);
  void finish_forgetting(time_point at);
  void finish_dropping();

  queue_steps& steps_;
  queue_cell& cell_;
  parts of_;
};

} // namespace lmq
