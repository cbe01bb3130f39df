#include "actors/queue/queue_waiters.hpp"

#include "actors/errors.hpp"
#include "core/fault_point.hpp"

#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace lmq {

namespace {

/// Those whose delivery waits to be safe.
std::set<waiter_id> being_served(const queue_cell& cell) {
  std::set<waiter_id> all;
  if (cell.port)
    for (const auto& [number, held] : cell.port->unsafe.waiting())
      if (const auto* d = std::get_if<deliver>(&held))
        all.insert(d->to);
  return all;
}

} // namespace

void queue_waiters::promise(waiter_id who) {
  cell_.waiting.insert_or_assign(who, queue_cell::promise{self_});
  LMQ_FAULT_POINT("queue.promise");
}

bool queue_waiters::hand_over(const deliver& due, time_point at) {
  auto promised = cell_.waiting.find(due.to);
  if (promised == cell_.waiting.end()) {
    auto lease = due.what.lease; // `due` moves when more is decided
    if (cell_.serving)
      cell_.machine.give_back(lease, at, cell_.decided);
    return cell_.serving;
  }
  // A copy of handles: should there be no memory for the answer, a successor gives it.
  auto given = due.what;
  if (is_away(given.content)) {
    auto whole = with_bodies(given.content, given.lease.message,
                             [this](message_id id) { return cell_.port->read(*cell_.name, id); });
    if (!whole) { // settled elsewhere meanwhile, and the word of it is on its way
      answer_empty(due.to);
      return true;
    }
    given.content = *std::move(whole);
  }
  promised->second.deliver({cell_.name, std::move(given)});
  // From here to the count of what has been carried out, nothing throws.
  cell_.waiting.erase(promised);
  cell_.stats.pulled(due.what.waited, at);
  return true;
}

void queue_waiters::answer_empty(waiter_id who) {
  auto promised = cell_.waiting.find(who);
  if (promised == cell_.waiting.end())
    return;
  promised->second.deliver({cell_.name, std::nullopt});
  cell_.waiting.erase(promised);
}

void queue_waiters::cancelled(waiter_id who) {
  if (cell_.port)
    answer_empty(who);
}

void queue_waiters::send_away(const std::vector<waiter_id>& lost) {
  for (auto who : lost)
    if (auto it = cell_.waiting.find(who); it != cell_.waiting.end()) {
      it->second.refuse(bounce_error());
      cell_.waiting.erase(it);
    }
}

void queue_waiters::take_over() {
  auto served = being_served(cell_);
  for (auto it = cell_.waiting.begin(); it != cell_.waiting.end();)
    it =
      cell_.machine.waits(it->first) || served.contains(it->first) ? std::next(it) : cell_.waiting.erase(it);
}

void queue_waiters::drop() {
  for (auto it = cell_.waiting.begin(); it != cell_.waiting.end(); it = cell_.waiting.erase(it)) {
    LMQ_FAULT_POINT("queue.drop_waiter");
    it->second.refuse(bounce_error());
  }
}

} // namespace lmq
