// What leaves a queue machine for another queue: units that are out of retries, where there is a queue of
// dead letters, and dead letters that are redriven.
//
// The other queue takes each message under the id of `moved_id`, once, however often it is pushed. So a unit
// leaves in three steps, and a crash between any two makes no second copy and loses none:
//
// 1. It is out of retries: that is told as a fact, and it waits in `leaving_`, where nobody gets it.
// 2. It is pushed to the other queue (move_on), and again after a crash or a refusal.
// 3. The push was answered, so the other queue has it for good: it is settled here (moved).
//
// A crash after 1 or 2 finds it exhausted, and begins with 2. What is redriven is known by no fact before 3:
// the node looks for it when a queue begins to serve (node_machine::settle_redriven).
#include "actors/queue/queue_machine.hpp"

#include "core/dead_letter.hpp"
#include "core/fault_point.hpp"

#include <algorithm>

namespace lmq {

// -- what comes in, where nothing is recorded --------------------------------------------------------------------------

/// Throws: it is not in.
result<push_outcome> queue_machine::push_moved(message_id id, message&& pushed, time_point now,
                                               effects& out) {
  if (arrivals_.contains(id))
    return push_outcome::stored;
  if (auto room = check_room(pushed, out); !room)
    return tl::unexpected(std::move(room.error()));
  arrivals_in_order_.push_back(id);
  try {
    LMQ_FAULT_POINT("queue.arrival");
    arrivals_.insert(id);
    auto outcome = take_in(id, std::move(pushed), compound_id(id, role_.home), now).outcome;
    if (arrivals_in_order_.size() > arrivals_max) {
      arrivals_.erase(arrivals_in_order_.front());
      arrivals_in_order_.pop_front();
    }
    return outcome;
  } catch (...) {
    arrivals_.erase(id);
    arrivals_in_order_.pop_back();
    throw;
  }
}

// -- what goes out -----------------------------------------------------------------------------------------------------

/// From ready or leased, whose lease is forgotten already.
void queue_machine::make_leave(index::iterator it, state to, place where) noexcept {
  auto node = index_of(it->second).extract(it);
  auto& e = node.mapped();
  if (e.is == state::leased)
    --leased_count_;
  e.is = to;
  node.key() = where;
  leaving_.insert(leaving_.end(), std::move(node));
}

/// It is ready.
void queue_machine::come_back(index::iterator leaving, place where) noexcept {
  auto node = leaving_.extract(leaving);
  auto& e = node.mapped();
  moving_.erase(e.id);
  e.is = state::ready;
  e.ready_since = where.at;
  node.key() = where;
  ready_.insert(std::move(node));
}

/// When `send_off` would do something.
std::optional<time_point> queue_machine::next_move() const noexcept {
  if (leaving_.size() == moving_.size() || moving_.size() >= moves_max)
    return std::nullopt;
  return move_from_;
}

void queue_machine::send_off(time_point now, effects& out) {
  if (auto at = next_move(); !at || *at > now)
    return;
  out.reserve(out.size() + moves_max);
  for (const auto& [where, e] : leaving_) {
    if (!next_move())
      return;
    if (moving_.contains(e.id))
      continue;
    LMQ_FAULT_POINT("queue.send_off");
    move_on move{e.id, std::nullopt, e.content, e.deliveries};
    if (e.is == state::dead)
      move.to = properties_.dead_letter;
    moving_.emplace(e.id, where);
    out.emplace_back(std::move(move)); // nothing fails here: there is room
  }
}

/// The dead that wait have nowhere to go any more: they are discarded when their turn comes.
void queue_machine::call_off() noexcept {
  if (has_dead_letter_queue())
    return;
  for (auto it = leaving_.begin(); it != leaving_.end();) {
    auto here = it++;
    if (here->second.is == state::dead && !moving_.contains(here->second.id))
      come_back(here, here->first);
  }
}

void queue_machine::moved(message_id which, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.moved");
  auto where = moving_.find(which);
  if (where == moving_.end())
    return;
  auto it = leaving_.find(where->second);
  const auto& e = it->second;
  if (role_.records)
    out.emplace_back(record{settled(e, facts::settled::cause::discard)});
  ++(e.is == state::dead ? counts_.dead_lettered : counts_.redriven);
  remove(it);
}

void queue_machine::not_moved(message_id which, refused_how how, time_point now, effects& out) {
  tick(now, out);
  auto where = moving_.find(which);
  if (where == moving_.end())
    return;
  auto it = leaving_.find(where->second);
  moving_.erase(where);
  const auto& e = it->second;
  if (e.is == state::redriven && how == refused_how::surely)
    return come_back(it, {e.ready_since, e.arrival});
  move_from_ = now + move_pause;
  call_off();
}

std::vector<message_id> queue_machine::redrive(std::size_t limit, time_point now, effects& out) {
  tick(now, out);
  std::vector<message_id> chosen;
  LMQ_FAULT_POINT("queue.redrive");
  limit = std::min(limit, redrive_max);
  chosen.reserve(std::min(limit, ready_.size()));
  for (auto it = ready_.begin(); it != ready_.end() && chosen.size() < limit;) {
    auto here = it++;
    auto& e = here->second;
    const auto* single = std::get_if<message>(&e.content);
    // Of what is away this much is known: whoever moves it looks at the rest.
    if (single == nullptr || e.exhausted || !is_moved(e.id) || (!single->away && !dead_queue_of(*single)))
      continue;
    chosen.push_back(e.id);
    e.arrival = here->first.sequence;
    make_leave(here, state::redriven, here->first);
  }
  return chosen;
}

} // namespace lmq
