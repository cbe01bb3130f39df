// All that a queue decides: order, leases, retries, windows, waiters. No clock, thread, socket or actor.
//
// Each verb is given the instant at which it happens, does first what fell due until then, decides, and
// appends what is to be done to `out`. What its decision makes possible (a message meets a waiter) is left to
// `tick`, which follows every verb. Instants never go backwards.
//
// A verb that throws (memory has run out) has decided nothing: what fell due before it stands, with its
// effects in `out`, and the rest is as it was. Each delivery, expiry and discard is whole or not done at all.
// A message lives in one of two indexes of nodes that
// move between them without being copied: `ready_` by the instant at which it became ready, `pending_`
// (leased, accumulating) by the instant at which that ends. So every verb is O(log n) in the messages held,
// whatever state they are in.
//
// Owned by one queue's actor, or by a test.
#pragma once

#include "actors/queue/queue_effects.hpp"
#include "core/message.hpp"
#include "core/properties.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace lmq {

/// How many, and how much.
struct queue_sizes {
  std::size_t ready = 0, leased = 0, accumulating = 0, waiters = 0;
  std::size_t memory_bytes = 0; ///< of the messages held, their bookkeeping included

  std::size_t messages() const noexcept { return ready + leased + accumulating; }
};

class queue_machine {
public:
  explicit queue_machine(properties in_force) : properties_(std::move(in_force)) {}

  // -- producers

  /// Takes a message in: ready at once, or into the open window, or into a window that it opens.
  ///
  /// @param id  given by the node at entry; not held here yet
  /// Cost:   O(log n)
  push_outcome push(message_id id, message pushed, time_point now, effects& out);

  // -- consumers

  /// Lets the waiter stand in line; the `tick` that follows serves it if a message is ready.
  ///
  /// @param waiter   older than any other that comes later; not waiting here yet
  /// @param deadline the waiter is answered with nothing then; `now`: it does not wait. Absent: no limit
  void pull(waiter_id waiter, std::optional<time_point> deadline, time_point now, effects& out);

  /// Forgets a waiter, which is answered with nothing. Unknown: no effect. O(log waiters)
  void cancel(waiter_id waiter, time_point now, effects& out);

  /// Forgets all waiters without an answer: whoever asks has told them.
  void forget_waiters() noexcept;

  /// Removes a leased message for good.
  ///
  /// @param lease  as handed out by deliver; honoured while now < its deadline
  /// Errors: no_such_lease: unknown, settled or expired
  result<void> ack(lease_id lease, time_point now, effects& out);

  /// Makes a leased message ready now, behind what is ready; spends one retry.
  ///
  /// Units:  retry counts deliveries after the first: retry = 2 allows three in all
  /// Errors: as ack
  result<void> nack(lease_id lease, time_point now, effects& out);

  /// Restarts the lease's clock, with the timeout in force now.
  ///
  /// Errors: as ack
  result<void> extend(lease_id lease, time_point now, effects& out);

  /// Takes back a delivery that reached nobody: the message is ready in its old place and no retry is spent.
  /// A lease that no longer holds: no effect.
  void give_back(lease_id lease, time_point now, effects& out);

  // -- pulls over many queues: see pull_any_machine.hpp for the conversation

  /// From now on every message that becomes ready is offered first.
  ///
  /// @returns whether a message is ready; if so it is counted as offered.
  bool watch(time_point now, effects& out);

  /// Whoever watched is gone: the queue serves its own waiters and offers nothing.
  void unwatch(time_point now, effects& out);

  /// The offer is taken: the message first in line goes to `waiter`, or answer_empty if none is ready any
  /// more.
  void take(waiter_id waiter, time_point now, effects& out);

  /// The offer is left to the queue's own oldest waiter.
  void yield(time_point now, effects& out);

  /// Nobody outside wants it now. The queue serves its own waiters and offers nothing until the next `take`,
  /// which whoever watches will try before anybody waits there.
  void keep(time_point now, effects& out);

  // -- life

  /// New properties. What is stored keeps its retries and window; leases to come get the new timeout.
  void configure(properties in_force, time_point now, effects& out);

  /// The queue's end: answers all waiters with nothing and forgets everything.
  void close(effects& out);

  /// Does all that fell due: expiry of leases, ends of windows, messages that meet waiters, waiters whose
  /// time is up. Idempotent.
  ///
  /// @param out  deliver, offer, answer_empty, discard
  void tick(time_point now, effects& out);

  /// When `tick` has something to do next, `time_point::min()` for at once; nothing: not before another verb.
  std::optional<time_point> next_deadline() const noexcept;

  /// Makes all anew from the messages themselves, as far as they can be trusted: for a machine whose
  /// invariants (queue_invariants.hpp) do not hold any more. Messages keep their order, leases their ids,
  /// retries and deadlines, the open window its end. Nobody watches or waits afterwards.
  ///
  /// @returns who waited
  /// Cost: O(n log n)
  std::vector<waiter_id> rebuild();

  // -- views

  const properties& in_force() const noexcept { return properties_; }
  queue_sizes sizes() const noexcept;
  bool waits(waiter_id who) const { return waiters_.contains(who); }

private:
  friend struct queue_invariants;
  friend struct queue_corruption; // tests: breaks one sentence of the invariants after the other

  /// Place in an index: the instant, then the order of arrival.
  struct place {
    time_point at;
    std::uint64_t sequence;

    friend auto operator<=>(const place&, const place&) = default;
  };

  enum class state : std::uint8_t { ready, leased, accumulating };

  struct entry {
    message_id id;
    parcel content;
    time_point ready_since;         ///< retention counts from here
    std::uint64_t arrival = 0;      ///< the sequence it takes when a delivery is given back
    std::uint32_t deliveries = 0;   ///< begun so far
    std::uint32_t retries_left = 0; ///< deliveries that may follow the one under way, or the next one
    state is = state::ready;
    bool exhausted = false; ///< its last delivery ended: discarded when it would be delivered again
  };

  using index = std::map<place, entry>;

  /// A message's share of the indexes: its node, and the heads that the allocator and a map put around it.
  static constexpr std::size_t node_bytes = 160;

  struct waiter {
    std::optional<time_point> deadline;
  };

  /// What whoever watches this queue knows of its ready messages.
  enum class offered : std::uint8_t {
    unwatched, ///< nobody watches: nothing is offered
    none,      ///< the next message that is ready is offered
    asked,     ///< an offer is on its way: the message waits for take, yield or keep
    kept,      ///< it was offered and left here: ready messages are known about
  };

  result<index::iterator> held(lease_id lease);
  void make_ready(index::iterator pending, place where);
  void end_lease(index::iterator leased, place where);
  void close_window();
  void expire_messages(time_point now);
  void expire_waiters(time_point now, effects& out);
  bool could_serve() const noexcept;
  void serve(time_point now, effects& out);
  bool deliver_first(waiter_id to, time_point now, effects& out);
  void discard_exhausted(effects& out);
  void forget_waiter(std::map<waiter_id, waiter>::iterator it);
  void remove(index& from, index::iterator it);
  static std::size_t content_bytes(const parcel& content);
  void readmit(index::node_type node);
  bool waiters_held() const noexcept { return offered_ == offered::asked && !ready_.empty(); }

  properties properties_;
  index ready_;
  index pending_;
  std::unordered_map<message_id, index::iterator> leases_; ///< into pending_, by message
  std::optional<index::iterator> window_;                  ///< into pending_: the one that is open
  std::shared_ptr<compound> window_parts_;                 ///< the open window's content while it grows
  std::map<waiter_id, waiter> waiters_;                    ///< oldest first
  std::set<std::pair<time_point, waiter_id>> waiter_deadlines_;
  offered offered_ = offered::unwatched;
  std::uint64_t next_sequence_ = 1;
  std::size_t leased_count_ = 0;
  std::size_t content_bytes_ = 0;
};

} // namespace lmq
