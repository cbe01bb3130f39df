// What this node holds of every queue: messages, how far their deliveries have come, and the context.
//
// A set that merges (docs/protocol/cluster.md). A message in the context that is held is live; in the context
// and not held, it is settled; not in the context, not seen yet. Facts and other copies are merged in
// whatever order they come, any number of times, and all copies that have heard of the same hold the same.
// Plain: no clock, no actor. Owned by the node machine, or by a test.
//
// - replica.cpp: facts, messages, deliveries
// - replica_compounds.cpp: which message is delivered with which others
// - replica_merge.cpp: other copies
// - replica_views.cpp: what is told of it
// - replica_rows.cpp: what is written of it, and read
#pragma once

#include "cluster/progress.hpp"
#include "cluster/protocol.hpp"
#include "core/fact.hpp"
#include "core/id_set.hpp"
#include "core/stored.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lmq {

class replica {
public:
  /// Compounds that are remembered after they were settled.
  static constexpr std::size_t ended_compounds_max = 10'000;

  /// Deliveries that another one has outdone and that may be settled still; of each queue. The first to end
  /// are forgotten beyond that.
  static constexpr std::size_t outdone_max = 1000;

  /// A message. `unit` is its own id, or that of the compound which it is delivered with.
  struct held {
    message content;
    message_id unit;   ///< none yet, for a moment
    progress so_far{}; ///< where it is a unit of its own; of a part: what it would begin with
    bool has_row = false, has_unit_row = false; ///< on the disk, or on the way there
  };

  /// While its window is open a compound loses parts to those that are closed, and gains them. Then its list
  /// stands for ever, and it is whole or a *ghost*: it owns every part of its list that is not settled, or,
  /// where another list with one of them comes first, none. A ghost is not delivered; whoever has a delivery
  /// of it may settle it.
  struct held_compound {
    progress so_far;
    std::vector<message_id> parts;        ///< as listed; those that are settled included
    std::size_t owned = 0;                ///< of the parts, those that are delivered with it
    std::size_t held = 0;                 ///< once it is closed: of the parts, those that are here
    std::optional<time_point> open_until; ///< the window is open
    bool has_row = false;
  };

  /// What a step has changed, for whoever has to know: the queue's home here, and other nodes.
  struct change {
    std::vector<message_id> appeared; ///< units that are new, or whose progress or parts are
    std::vector<message_id> settled;  ///< messages that were held and are not any more
    bool any = false;                 ///< also where nothing is held: a settlement of what was never seen
  };

  // -- facts

  /// Facts of the queue's home, or such that are relayed.
  void apply(std::string_view queue, const std::vector<fact>& facts, time_point now, change& out);

  // -- other copies

  /// Messages that the other copy holds and this one lacked, with their units; ids that are in the context
  /// are left out.
  void take(std::string_view queue, const std::vector<unit_record>& units,
            const std::vector<moved_message>& messages, time_point now, change& out);

  /// What the two copies of one queue know of each other after `holds`; ids of messages.
  struct difference {
    std::vector<message_id> theirs_to_come; ///< the other holds them, and this one has never seen them
    std::vector<message_id> to_send;        ///< held here, and the other has never seen them; in order
  };

  /// Compares with what another copy holds of the queue: what that has seen and holds no more is settled
  /// here; of two progresses the further one counts.
  ///
  /// @param context  of the other, at that moment or before
  difference compare(std::string_view queue, const std::vector<unit_record>& theirs, const id_set& context,
                     time_point now, change& out);

  /// Makes the other's settlements ours: its context, but for what is still to come from it.
  void unite(id_set context, const std::vector<message_id>& to_come);

  // -- rows: of whoever keeps them on a disk

  /// From now on, what changes is noted.
  void keep_rows() noexcept { keeps_rows_ = true; }

  /// Adds what has changed since the last call. O(changes)
  void take_rows(time_point now, store_batch& out);

  /// Lets go of the bodies of these messages, whose rows are on the disk; those that are leased, or are parts
  /// of compounds, stay.
  /// @returns which were let go of
  std::vector<message_id> put_away(std::string_view queue, const std::vector<message_id>& ids);

  /// Of all messages that are not away.
  std::size_t body_bytes() const noexcept { return body_bytes_; }

  /// Makes all anew that the rows tell of. Into a replica that holds nothing.
  void restore(stored_state&& from, time_point now);

  // -- views

  const id_set& context() const noexcept { return context_; }
  bool holds(std::string_view queue, message_id id) const;

  /// A sum over all that is held of the queue: equal where two copies are. O(1)
  says::summary::queue sum(std::string_view queue) const;
  std::vector<says::summary::queue> sums() const;

  std::vector<unit_record> records(std::string_view queue, time_point now) const;

  /// All that has to be said of these messages, or of all that these compounds own, for `take` elsewhere.
  /// Those that are not held are left out.
  says::moved to_move(std::string_view queue, const std::vector<message_id>& ids, time_point now) const;

  /// Parts that compounds list and that nobody in a view has brought are nowhere in it. Their compounds would
  /// wait for them, so the parts that are here are to be delivered alone: these facts, applied everywhere,
  /// make it so.
  std::vector<fact> without_missing(std::string_view queue);

  /// Everything, as the queue's home needs it to begin: what is ready in order. But for compounds of which a
  /// part is still to come.
  std::vector<held_unit> units(std::string_view queue, time_point now) const;

  /// These units, as far as they are held.
  std::vector<held_unit> units(std::string_view queue, const std::vector<message_id>& which,
                               time_point now) const;

  /// What a lease settles that the queue's home does not know, because it was outdone by another delivery of
  /// the same messages: all that it brought, until it ends. Empty: there is no such lease.
  std::vector<message_id> still_leased(std::string_view queue, lease_id lease, time_point now) const;

  /// What a message takes on the way to another node, roughly. Units: bytes
  std::size_t bytes(std::string_view queue, message_id id) const;

  /// Whether that very delivery is known to have ended.
  bool has_ended(std::string_view queue, lease_id lease) const;

  /// Whether the compound was here and all that it listed is settled. Only the last `ended_compounds_max` are
  /// remembered: it is asked for by who asks a second time.
  bool has_settled(message_id unit) const { return ended_compounds_.contains(unit); }

  /// Messages held, of all queues. O(1)
  std::size_t messages() const noexcept { return messages_; }

  /// Of all messages of the queue.
  std::vector<message_id> ids(std::string_view queue) const;

  /// Units that could be delivered, as far as this copy knows. O(1)
  std::size_t ready(std::string_view queue) const;

  /// Units held. O(1)
  std::size_t size(std::string_view queue) const;

  /// Names of the queues that hold something.
  std::vector<std::string> queues() const;

private:
  struct queue {
    std::unordered_map<message_id, held> messages;
    std::unordered_map<message_id, held_compound> compounds;
    /// Closed lists that name a part which they do not own: it is not here yet, or another's. By part.
    std::unordered_multimap<message_id, message_id> claims;
    std::map<lease_id, time_point> outdone; ///< deliveries, and when they end
    std::vector<message_id> disputed;       ///< lists to look at again before the step ends
    std::vector<message_id> homeless;       ///< messages without a unit, until the step ends
    std::size_t units = 0;                  ///< that hold something
    std::size_t ready = 0;
    std::uint64_t digest = 0;

    // where rows are kept: what is to be written
    const std::string* name = nullptr;
    std::vector<message_id> changed; ///< units
    std::vector<message_id> gone_messages, gone_units;
    bool has_changed = false;
  };
  using queues_by_name = std::map<std::string, queue, std::less<>>;

  queue& at(std::string_view name);
  queue* find(std::string_view name);
  const queue* find(std::string_view name) const;

  // sums: around each change of a unit
  enum class kind : std::uint8_t { message = 0, whole = 4, open = 12, ghost = 20 };
  void count(queue& q, message_id unit, bool in);
  void count_alone(queue& q, message_id unit, const progress& p, bool in);
  static void add_sum(queue& q, message_id unit, const progress& p, kind of, bool in);

  // replica.cpp
  void put(queue& q, const facts::put& what, time_point now, change& out);
  bool settle(queue* q, message_id id, change& out);
  held& arrive(queue& q, message_id id, message content, const progress& begins_with);
  bool advance(queue& q, message_id unit, const progress& theirs, change& out);
  bool end(queue& q, const facts::ended& what, change& out);
  static void remember_outdone(queue& q, message_id unit, const progress& p);
  static progress* find_progress(queue& q, message_id unit);

  // replica_compounds.cpp
  bool list(queue& q, const unit_record& theirs, time_point now, change& out);
  void close(queue& q, message_id unit, const std::vector<message_id>& parts, change& out);
  void own(queue& q, message_id part, message_id by);
  void own(queue& q, message_id part, held& m, message_id by);
  void drop_if_empty(queue& q, message_id unit);
  void forget_list(queue& q, message_id unit);
  static void forget_claim(queue& q, message_id part, message_id unit);
  void end_step(queue& q, change& out);
  void decide(queue& q, message_id disputed, change& out);
  std::vector<message_id> rivals(const queue& q, message_id of) const;
  void stand_alone(queue& q, message_id id, const progress& begins_with, change& out);
  void inherit(queue& q, message_id alone, message_id from, change& out);
  static bool is_alone(message_id unit, const std::vector<message_id>& parts);
  static bool is_closed(const queue& q, message_id unit);
  bool is_settled(const queue& q, message_id id) const;

  // replica_rows.cpp
  bool learn(message_id id);
  void learn(const id_set& ids);
  bool note_change(queue& q);
  void unit_changed(queue& q, message_id unit);
  void message_gone(queue& q, message_id id, const held& m);
  void compound_gone(queue& q, message_id unit, const held_compound& c);
  void write_unit(queue& q, message_id unit, time_point now, stored_queue_change& out);
  void write_message(message_id id, held& m, stored_queue_change& out) const;
  bool restore_compound(queue& q, stored_unit& row, time_point now);

  // replica_merge.cpp
  bool merge_unit(queue& q, const unit_record& theirs, time_point now, change& out);

  // replica_views.cpp
  unit_record record_of(const queue& q, message_id unit, time_point now) const;
  bool complete(const held_compound& c) const;
  std::optional<held_unit> unit_of(const queue& q, message_id unit, time_point now) const;

  queues_by_name queues_;
  id_set context_;
  std::unordered_set<message_id> ended_compounds_;
  std::deque<message_id> ended_in_order_;
  std::uint64_t next_place_ = 1;
  std::size_t body_bytes_ = 0;
  std::size_t messages_ = 0;
  bool keeps_rows_ = false;
  std::vector<queue*> changed_queues_;
  std::vector<std::uint64_t> changed_contexts_; ///< incarnations
};

} // namespace lmq
