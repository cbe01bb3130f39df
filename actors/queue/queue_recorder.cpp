#include "actors/queue/queue_recorder.hpp"

#include "actors/errors.hpp"
#include "core/fault_point.hpp"

#include <utility>

namespace lmq {

// -- what is decided ---------------------------------------------------------------------------------------------------

std::uint64_t queue_recorder::next_batch() const noexcept {
  return cell_.port ? cell_.port->unsafe.open() : 0;
}

std::uint64_t queue_recorder::batch_of(message_id id) const {
  return cell_.port ? cell_.port->unsafe.batch_of(id) : 0;
}

void queue_recorder::take_in() {
  auto& c = cell_;
  if (!c.port)
    return c.owed.give();
  auto& unsafe = c.port->unsafe;
  for (auto& told = c.port->told; told < c.decided.size(); ++told)
    if (const auto* fresh = std::get_if<record>(&c.decided[told]))
      unsafe.add(fresh->what);
  if (unsafe.open_is_full())
    tell_now();
  else
    tell_later();
  if (unsafe.is_safe(c.owed.batch()))
    return c.owed.give();
  unsafe.hold(c.owed.batch(), std::move(c.owed));
  c.owed = {};
}

void queue_recorder::let_out(deliver& due, time_point at) {
  auto batch = cell_.port ? cell_.port->unsafe.batch_of(due.what) : 0;
  if (batch > 0)
    return cell_.port->unsafe.hold(batch, std::move(due));
  if (!waiters_.hand_over(due, at))
    cell_.port->unsafe.hold(0, std::move(due));
}

void queue_recorder::let_out_safe(time_point at) {
  if (!cell_.port)
    return;
  cell_.port->unsafe.give_safe([&](auto& held) {
    LMQ_FAULT_POINT("queue.give_safe");
    if (auto* due = std::get_if<deliver>(&held))
      return waiters_.hand_over(*due, at);
    std::get<owed_answer>(held).give();
    return true;
  });
}

void queue_recorder::carried_out() noexcept {
  if (cell_.port)
    cell_.port->told = 0;
}

// -- the journal -------------------------------------------------------------------------------------------------------

void queue_recorder::tell_now() {
  if (!cell_.port)
    return;
  auto& unsafe = cell_.port->unsafe;
  telling_ = false;
  if (auto facts = unsafe.close()) {
    LMQ_FAULT_POINT("queue.tell");
    self_.send(cell_.port->journal, record_atom::value, cell_.name, fact_batch{std::move(facts)},
               unsafe.last());
  }
}

/// Behind the requests that are there now: those of a burst are one batch.
void queue_recorder::tell_later() {
  if (!cell_.port->unsafe.has_open() || std::exchange(telling_, true))
    return;
  if (!cell_.port->later)
    return self_.send(&self_, flush_atom::value);
  cell_.port->later([self = caf::weak_actor_ptr{self_.ctrl()}] {
    if (auto queue = caf::actor_cast<caf::strong_actor_ptr>(self))
      caf::anon_send(caf::actor_cast<caf::actor>(queue), flush_atom::value);
  });
}

void queue_recorder::set_safe(std::uint64_t number) {
  cell_.port->unsafe.set_safe(number);
  keep_room();
}

bool queue_recorder::room_for(message_id id, const message& pushed) {
  // Moves have asked at the node, which lets them further in.
  return !cell_.port || is_moved(id) || cell_.port->room.take(memory_bytes(pushed));
}

void queue_recorder::keep_room() {
  if (cell_.port)
    cell_.port->room.keep(cell_.port->unsafe.unsafe_messages(), cell_.port->unsafe.unsafe_bytes());
}

// -- the actor ---------------------------------------------------------------------------------------------------------

void queue_recorder::take_over() {
  for (const auto& [number, facts] : cell_.port->unsafe.unsafe_batches())
    self_.send(cell_.port->journal, record_atom::value, cell_.name, facts, number);
  tell_later(); // of what a predecessor has gathered
}

void queue_recorder::drop() {
  auto& unsafe = cell_.port->unsafe;
  unsafe.give_all([](auto& held) {
    LMQ_FAULT_POINT("queue.drop_answer");
    if (auto* owed = std::get_if<owed_answer>(&held))
      owed->refuse(bounce_error());
    return true;
  });
  unsafe.forget_batches();
  keep_room();
}

} // namespace lmq
