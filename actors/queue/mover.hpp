// Pushes what leaves a queue to other queues, for the queue's actor, which owns it and within whose handlers
// it is used.
//
// What is under way stands in the queue's cell, so that a crash of the actor loses nothing: whoever comes
// after asks again, and the other queue takes each message once. Of a compound one message is pushed after
// the other. With a journal the push goes through the node, which knows what was ever taken in; without one
// straight to the other queue's actor, which remembers it for a while.
#pragma once

#include "actors/guarded_promise.hpp"
#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"
#include "actors/queue/queue_steps.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <vector>

namespace lmq {

class mover {
public:
  /// @param doors  where the other queues are found; null where there is a journal
  mover(queue_itself::base& self, queue_steps& steps, queue_cell& cell, supervisor_handle doors)
      : self_(self), steps_(steps), cell_(&cell), doors_(std::move(doors)) {}

  /// The next `go_on` asks.
  void begin(const move_on& what);

  /// Something may be asked now that could not be before: facts are safe, or the queue serves again.
  void look_again() noexcept { due_ = true; }

  /// Asks what can be asked.
  void go_on();

  /// What a predecessor asked has no answer any more: it is asked again.
  void take_over() noexcept;

  /// The queue serves elsewhere now: nothing of this is its business any more.
  void drop() noexcept;

  /// The request that is being handled is answered when these units are moved, or stay.
  void answer_when_moved(std::vector<message_id> units);

  /// Lets go of the handle and the cell: the actor ends.
  void clear() noexcept;

private:
  using refused_how = queue_machine::refused_how;

  struct redriving {
    guarded_promise<std::uint64_t> promise;
    std::set<message_id> open;
    std::uint64_t moved = 0;
  };

  void ask(message_id unit);
  void push(std::string to, message_id id, message letter, message_id unit, std::uint64_t serial);
  void push_here(const queue_handle& to, message_id id, message letter, message_id unit,
                 std::uint64_t serial);
  std::optional<message> whole(const message& m, message_id id) const;
  move_under_way* answered(message_id unit, std::uint64_t serial);
  void taken(message_id unit, std::uint64_t serial);
  void refused(message_id unit, std::uint64_t serial, const caf::error& why);
  void end(message_id unit, std::optional<refused_how> refused);
  bool is_void(message_id unit, const move_under_way& m) const;
  void forget(message_id unit, bool moved);

  queue_itself::base& self_;
  queue_steps& steps_;
  queue_cell* cell_;
  supervisor_handle doors_;
  std::list<redriving> redrives_;
  std::uint64_t last_serial_ = 0;
  bool due_ = false;
  bool complained_ = false; ///< of the trouble that lasts
};

} // namespace lmq
