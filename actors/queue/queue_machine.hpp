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
// A machine that *records* tells each decision that must survive as a fact (core/fact.hpp), before the effect
// that it enables: whoever keeps the facts can go on with the queue elsewhere. It also knows every message by
// its id, so that it takes none in twice; that costs `known_bytes` a message. Others pay a test of a bool.
//
// What is out of retries, where there is a queue of dead letters, and what is redriven from there, leaves by
// a third index, `leaving_`, until another queue has it (queue_moves.cpp). It is held, and delivered to
// nobody.
//
// Owned by one queue's actor, or by a test.
#pragma once

#include "actors/queue/queue_effects.hpp"
#include "core/dead_letter.hpp"
#include "core/fact.hpp"
#include "core/message.hpp"
#include "core/properties.hpp"
#include "core/queue_order.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "metrics/queue_figures.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lmq {

/// How many, and how much.
struct queue_sizes {
  std::size_t ready = 0, leased = 0, accumulating = 0, waiters = 0; ///< what leaves counts as leased
  std::size_t memory_bytes = 0;                ///< of the messages held, their bookkeeping included
  std::optional<time_point> oldest_ready = {}; ///< since when the first in line has been ready

  std::size_t messages() const noexcept { return ready + leased + accumulating; }
};

/// What a queue machine is to others of the same queue elsewhere.
struct queue_role {
  home_tag home{};      ///< in the ids of leases and compounds made here
  bool records = false; ///< facts are wanted
};

class queue_machine {
public:
  /// Units that are pushed to another queue at one time.
  static constexpr std::size_t moves_max = 64;

  static constexpr std::size_t redrive_max = lmq::redrive_max;

  /// What one slice of a purge drops: so much is decided, told and written as one, and others have their turn
  /// before the next. Some milliseconds of work, and 200 kB for each node that hears of it.
  static constexpr std::size_t purge_slice_max = 10'000;

  /// How long nothing is moved after another queue has refused something.
  static constexpr duration move_pause = std::chrono::seconds{1};

  /// Messages moved in that are known again, where nothing is recorded: many times `moves_max`, for what
  /// comes twice comes from a queue whose actor crashed between.
  static constexpr std::size_t arrivals_max = 16'384;

  explicit queue_machine(properties in_force, queue_role role = {})
      : properties_(std::move(in_force)), role_(role) {}

  // -- producers

  /// Takes a message in: ready at once, or into the open window, or into a window that it opens.
  ///
  /// @param id  given by the node at entry; not held here yet. A machine that records answers one that it
  ///            holds with `stored` and does nothing; so does one that doesn't with what was moved here
  ///            before
  /// @param out records put
  /// Errors: queue_full: it would go beyond max_messages or max_bytes; nothing of it is here then
  /// Units:  as in `sizes`: a window is one message, and a push that joins it is none. Bytes are counted as
  ///         memory_bytes, wherever the bodies are
  /// Cost:   O(log n)
  result<push_outcome> push(message_id id, message pushed, time_point now, effects& out);

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

  // A machine that records also honours a lease which it never heard of, if it holds the unit and has seen
  // fewer deliveries of it: whoever made that delivery died before it could tell.

  /// Removes a leased message for good.
  ///
  /// @param lease  as handed out by deliver; honoured while now < its deadline
  /// @param out    records settled
  /// Errors: no_such_lease: unknown, settled or expired
  result<void> ack(lease_id lease, time_point now, effects& out);

  /// Makes a leased message ready now, behind what is ready; spends one retry.
  ///
  /// @param out  records ended; before it leased, if the lease was unheard of
  /// Units:  retry counts deliveries after the first: retry = 2 allows three in all
  /// Errors: as ack
  result<void> nack(lease_id lease, time_point now, effects& out);

  /// Restarts the lease's clock, with the timeout in force now.
  ///
  /// @param out  records leased
  /// Errors: as ack
  result<void> extend(lease_id lease, time_point now, effects& out);

  /// Takes back a delivery that reached nobody: the message is ready in its old place and no retry is spent.
  /// A lease that no longer holds: no effect. Records ended.
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

  // -- what operators ask (queue_admin.cpp)

  /// The first messages in line, at most n. Changes nothing; what is out of retries is not shown.
  /// Cost: O(n), and what is passed over
  std::vector<standing_message> peek(std::size_t n, time_point now) const;

  /// Where the line ends at one instant: what a purge that is asked for then goes up to. Nothing is before a
  /// default one.
  struct line_end {
    time_point at = time_point::min();
    std::uint64_t sequence = 0;
  };

  /// Behind the last that is ready now. O(log n)
  line_end end_of_line(time_point now, effects& out);

  struct purge_slice {
    std::size_t dropped = 0; ///< units
    bool more = false;       ///< something is ready before that end still
  };

  /// Drops what is first in line, up to an end that the line had: what became ready since is behind it and
  /// stays, as does what is leased or accumulates. A delivery that is given back meanwhile stands before it
  /// again.
  ///
  /// @param most  messages, the parts of a compound one by one; the unit that goes beyond it still goes
  /// @param out   records settled
  /// Cost: O(log n) for each that is dropped
  purge_slice purge(const line_end& until, std::size_t most, time_point now, effects& out);

  /// Removes one message or compound for good, ready or leased. Its lease, if it has one, is unknown from
  /// then on.
  ///
  /// @param id   as `peek` tells it
  /// @param out  records settled
  /// Errors: no_such_message: unknown, or a window that is open still
  /// Cost:   O(log n) in a machine that records, else O(ready)
  result<void> erase(message_id id, time_point now, effects& out);
  // -- moves to another queue (queue_moves.cpp): see move_on

  /// Another queue has all of that unit, for good: it is gone from here. Not under way: no effect.
  ///
  /// @param out  records settled
  void moved(message_id which, time_point now, effects& out);

  /// What came of a push that did not end well.
  enum class refused_how : std::uint8_t {
    surely,  ///< nothing was taken in: what is redriven stays here, in its old place
    perhaps, ///< nobody knows: it is to be tried again until somebody does
  };

  /// The unit stays, and nothing is moved for `move_pause`. Not under way: no effect.
  void not_moved(message_id which, refused_how how, time_point now, effects& out);

  /// Sends what died elsewhere back to where it came from: of those that are ready the first `limit`, and no
  /// more than `redrive_max`.
  ///
  /// @returns the units; each of them ends with `moved`, or is ready again
  /// Cost: O(n) in what is ready
  std::vector<message_id> redrive(std::size_t limit, time_point now, effects& out);

  // -- life

  /// New properties. What is stored keeps its retries and window; leases to come get the new timeout.
  void configure(properties in_force, time_point now, effects& out);

  /// The queue's end: answers all waiters with nothing and forgets everything.
  void close(effects& out);

  /// Does all that fell due: expiry of leases, ends of windows, messages that meet waiters, waiters whose
  /// time is up. Idempotent.
  ///
  /// @param out  deliver, offer, answer_empty, discard, move_on; records closed, leased, ended, settled
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

  // -- from elsewhere: for machines that record (queue_handover.cpp)
  //
  // None of these records anything, or does what fell due: that is for the `tick` that follows where the
  // queue is served, and must not be done where it is not.

  /// Takes in a unit as a copy of the queue holds it: ready, behind what is ready; or leased for what is
  /// left, under the same lease; or a window that nobody joins any more and that ends at its time, known as
  /// this home's from now on.
  ///
  /// A unit that is held here gets the delivery state that is further on (more deliveries; then ended before
  /// leased; then the greater tag; then the later end) and the fewer retries of both. Of a compound, a part
  /// that is held in another unit stays there; one that this unit lacks here joins it, unless that was
  /// delivered: then it makes a window of its own, which ends at once.
  ///
  /// Cost: O(log n), for a compound also O(parts)
  void adopt(const held_unit& what, time_point now, effects& out);

  /// These messages were settled elsewhere: they are gone, leased or not. A compound loses its part; without
  /// parts it is gone. Unknown ids: no effect. What was purged counts as deleted.
  ///
  /// Cost: O(k log n) for k ids, and O(parts) for each compound that loses one
  void forget(const facts::settled& what, time_point now, effects& out);

  /// Lets go of the bodies of these messages, which are kept elsewhere. Parts of compounds and unknown ids:
  /// no effect.
  void put_away(const std::vector<message_id>& ids) noexcept;

  /// As `configure`.
  void adopt(properties in_force) noexcept {
    properties_ = std::move(in_force);
    call_off();
  }

  /// Somebody else has the queue: forgets messages, windows, leases, waiters and who watches, without a word.
  /// The properties stay.
  void drop() noexcept;

  // -- views

  const properties& in_force() const noexcept { return properties_; }
  const queue_role& role() const noexcept { return role_; }
  /// In a machine that records: the message is here, alone or in a compound.
  bool holds(message_id id) const { return known_.contains(id); }
  queue_sizes sizes() const noexcept;
  const queue_counts& counts() const noexcept { return counts_; }
  bool waits(waiter_id who) const { return waiters_.contains(who); }
  /// A move_on of that unit is under way.
  bool moves(message_id which) const { return moving_.contains(which); }
  /// In a machine that records: it is on its way to another queue, or is tried again.
  bool is_leaving(message_id which) const;
  /// Units that leave for another queue.
  std::size_t leaving() const noexcept { return leaving_.size(); }

private:
  friend struct queue_invariants;
  friend struct queue_corruption; // tests: breaks one sentence of the invariants after the other
  friend struct queue_contents;   // tests: what is held

  /// Place in an index: the instant, then the order of arrival.
  struct place {
    time_point at;
    std::uint64_t sequence;

    friend auto operator<=>(const place&, const place&) = default;
  };

  enum class state : std::uint8_t {
    ready,
    leased,
    accumulating,
    dead,     ///< leaves for the queue of dead letters
    redriven, ///< leaves for the queue in which it died
  };

  struct entry {
    message_id id; ///< of a compound: `compound_id`
    parcel content;
    time_point ready_since;         ///< retention counts from here
    std::uint64_t arrival = 0;      ///< the sequence it takes when a delivery is given back
    std::uint32_t deliveries = 0;   ///< begun so far
    std::uint32_t retries_left = 0; ///< deliveries that may follow the one under way, or the next one
    state is = state::ready;
    bool exhausted = false; ///< its last delivery ended: discarded when it would be delivered again
    home_tag home{};        ///< who made the latest delivery
  };

  using index = std::map<place, entry>;
  using unit = index::value_type; ///< stays where it is in memory as its node moves between the indexes

  /// A message's share of the indexes: its node, and the heads that the allocator and a map put around it.
  static constexpr std::size_t node_bytes = 160;

  /// What `known_` takes for each name: its node, the allocator's head, a bucket.
  static constexpr std::size_t known_bytes = 56;

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

  struct taken_in {
    push_outcome outcome;
    unit* where;
  };
  result<void> check_room(const message& pushed, effects& out);
  taken_in take_in(message_id id, message&& pushed, message_id window_name, time_point now);
  static bool leaves(const entry& e) noexcept { return e.is == state::dead || e.is == state::redriven; }
  index& index_of(const entry& e) noexcept {
    return e.is == state::ready ? ready_ : leaves(e) ? leaving_ : pending_;
  }
  index::iterator held(lease_id lease);
  index::iterator find_unit(message_id id);
  bool paused() const noexcept { return properties_.paused; }
  result<index::iterator> honoured(lease_id lease);
  index::iterator lease_anew(index::iterator it, lease_id lease, time_point until, effects& out);
  void make_ready(index::iterator pending, place where);
  void prepare_end(effects& out, std::size_t n) const;
  void end_lease(index::iterator leased, place where, effects& out);
  void close_window(index::iterator it, effects& out);
  void expire_messages(time_point now, effects& out);
  void expire_waiters(time_point now, effects& out);
  bool could_serve() const noexcept;
  void serve(time_point now, effects& out);
  bool deliver_first(waiter_id to, time_point now, effects& out);
  void discard_exhausted(effects& out);
  void forget_waiter(std::map<waiter_id, waiter>::iterator it);
  void remove(index::iterator it);
  static std::size_t content_bytes(const parcel& content);
  void count_in(const parcel& content) noexcept;
  void count_out(const parcel& content) noexcept;
  void readmit(index::node_type node);
  void clear() noexcept;

  // moves: queue_moves.cpp

  bool has_dead_letter_queue() const noexcept {
    return properties_.dead_letter && !properties_.dead_letter->empty();
  }
  result<push_outcome> push_moved(message_id id, message&& pushed, time_point now, effects& out);
  void make_leave(index::iterator it, state to, place where) noexcept;
  void come_back(index::iterator leaving, place where) noexcept;
  std::optional<time_point> next_move() const noexcept;
  void send_off(time_point now, effects& out);
  void call_off() noexcept;

  /// Makes the counts agree with what is held when its scope ends, after a change by what others told.
  struct recount {
    queue_machine& of;
    std::uint64_t queue_counts::*went = &queue_counts::settled_elsewhere; ///< what is not here any more
    ~recount();
  };
  bool waiters_held() const noexcept { return offered_ == offered::asked && !ready_.empty(); }

  /// Buckets that an empty table may keep; what a burst made it grow beyond that is given back.
  static constexpr std::size_t idle_buckets_max = 1024;

  // where facts are recorded: queue_facts.cpp

  result<push_outcome> push_recorded(message_id id, message&& pushed, time_point now, effects& out);
  static facts::settled settled(const entry& e, facts::settled::cause why);
  static facts::closed closed(const entry& e);
  unit* unheard_of(lease_id lease) const;
  unit* unit_of(message_id name) const;
  index::iterator locate(const unit& u) { return index_of(u.second).find(u.first); }
  message_id fresh_name(message_id first) const;
  void remember(unit& u);
  void forget_names(const unit& u) noexcept;

  /// The unit's, then its messages' where these have others.
  template <class F>
  static void for_each_name(const entry& e, F f) {
    f(e.id);
    if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content))
      for (const auto& p : **parts)
        f(p.id);
  }

  // what comes from elsewhere: queue_handover.cpp

  void adopt_window(message_id name, std::shared_ptr<const compound> parts, std::uint32_t retries_left,
                    time_point end);
  void admit(entry e, place where);
  void merge(unit& here, const held_unit& from, time_point now);
  void merge_parts(unit& here, const held_unit& from, time_point now);
  void take_state(unit& here, const delivery_state& from, time_point now);
  bool is_further(const delivery_state& from, const unit& here, time_point now) const;
  bool is_open_window(const unit& u) const { return window_ && &**window_ == &u; }
  void replace_parts(unit& of, std::shared_ptr<compound> parts);

  properties properties_;
  queue_role role_;
  index ready_;
  index pending_;
  index leaving_;
  std::unordered_map<message_id, place> moving_;           ///< those in leaving_ whose move_on is under way
  time_point move_from_ = time_point::min();               ///< nothing is moved before
  std::unordered_set<message_id> arrivals_;                ///< moved here, where nothing is recorded
  std::deque<message_id> arrivals_in_order_;               ///< … the oldest first
  std::unordered_map<message_id, index::iterator> leases_; ///< into pending_, by unit
  std::unordered_map<message_id, unit*>
    known_;                                ///< where facts are recorded: by unit, and by part of a compound
  std::optional<index::iterator> window_;  ///< into pending_: the one that is open
  std::shared_ptr<compound> window_parts_; ///< the open window's content while it grows
  std::map<waiter_id, waiter> waiters_;    ///< oldest first
  std::set<std::pair<time_point, waiter_id>> waiter_deadlines_;
  offered offered_ = offered::unwatched;
  std::uint64_t next_sequence_ = 1;
  std::size_t leased_count_ = 0;
  std::size_t content_bytes_ = 0;
  std::size_t away_bytes_ = 0; ///< of what was put away: what it would take in memory
  queue_counts counts_;
};

} // namespace lmq
