// What a bug could do to a queue machine. For tests of what comes after.
#pragma once

#include "actors/queue/queue_machine.hpp"

#include <chrono>

namespace lmq {

/// Breaks what the machine believes of itself; the messages stay as they are.
struct queue_corruption {
  using state = queue_machine::state;

  static void forget_leases(queue_machine& m) { m.leases_.clear(); }
  static void count_a_lease_too_many(queue_machine& m) { ++m.leased_count_; }
  static void forget_the_window(queue_machine& m) { m.window_.reset(); }
  static void forget_a_name(queue_machine& m) { m.known_.erase(m.known_.begin()); }
  static void know_somebody_else(queue_machine& m) { m.known_[{77, 77}] = m.known_.begin()->second; }
  static void take_a_window_for_the_open_one(queue_machine& m) {
    for (auto it = m.pending_.begin(); it != m.pending_.end(); ++it)
      if (it->second.is == state::accumulating && it != m.window_)
        m.window_ = it;
  }
  static void put_a_leased_message_among_the_ready(queue_machine& m) {
    m.ready_.insert(m.pending_.extract(m.pending_.begin()));
  }
  static void put_a_ready_message_among_the_leased(queue_machine& m) {
    m.pending_.insert(m.ready_.extract(m.ready_.begin()));
  }
  static void lose_a_waiters_deadline(queue_machine& m) { m.waiter_deadlines_.clear(); }
  static void begin_the_sequence_again(queue_machine& m) { m.next_sequence_ = 1; }
  static void miscount_pushes(queue_machine& m) { ++m.counts_.pushed; }
  static void move_a_ready_message_in_time(queue_machine& m) {
    m.ready_.begin()->second.ready_since += std::chrono::seconds{1};
  }
};

} // namespace lmq
