#include "actors/queue/queue_cell.hpp"

#include "actors/errors.hpp"

#include <caf/message.hpp>
#include <new>

namespace lmq {

void owed_answer::give() {
  if (const auto* outcome = std::get_if<push_outcome>(&outcome_))
    request_.answer(*outcome);
  else if (const auto* settled = std::get_if<result<void>>(&outcome_); settled != nullptr && *settled)
    request_.answer(caf::message{});
  else if (settled != nullptr)
    request_.answer(to_error(settled->error()));
  else if (const auto* done = std::get_if<result<order_outcome>>(&outcome_); done != nullptr && *done)
    request_.answer(**done);
  else if (done != nullptr)
    request_.answer(to_error(done->error()));
}

void owed_answer::refuse_undecided() noexcept {
  if (!std::holds_alternative<undecided>(outcome_))
    return;
  try {
    request_.answer(caf::make_error(caf::sec::runtime_error));
  } catch (...) {
    // No memory for the word "no": the gateway's deadline says it.
  }
}

void owed_answer::refuse(const caf::error& why) {
  if (!std::holds_alternative<undecided>(outcome_))
    request_.answer(why);
}

namespace {

/// What is decided, as far as it may be told. Of a purge that is under way less than all is.
void give_or_refuse(queue_cell& c, const caf::error& why_not) {
  for (auto it = c.purges.begin(); it != c.purges.end(); it = c.purges.erase(it))
    it->asker.answer(why_not);
  if (!c.port)
    return c.owed.give();
  auto& unsafe = c.port->unsafe;
  auto answer = [&](owed_answer& owed) {
    if (unsafe.is_safe(owed.batch()))
      owed.give();
    else
      owed.refuse(why_not);
  };
  answer(c.owed);
  unsafe.give_all([&](auto& held) {
    auto* owed = std::get_if<owed_answer>(&held);
    if (owed != nullptr)
      answer(*owed);
    return owed != nullptr; // a delivery finds nobody when its time comes, and is given back
  });
}

} // namespace

queue_cell::~queue_cell() {
  try {
    give_or_refuse(*this, bounce_error());
    for (auto& [who, promised] : waiting)
      promised.deliver({name, std::nullopt});
  } catch (const std::bad_alloc&) {
    // No memory for an answer: whoever is left waiting has a gateway with a deadline.
  }
}

void queue_cell::refuse_all(const caf::error& why) {
  give_or_refuse(*this, why);
  for (auto it = waiting.begin(); it != waiting.end(); it = waiting.erase(it))
    it->second.refuse(why);
  machine.forget_waiters();
}

queue_report queue_cell::report(time_point now) const {
  auto sizes = machine.sizes();
  queue_report r;
  r.name = *name;
  r.size = sizes.messages();
  r.memory_bytes = sizes.memory_bytes;
  r.in_force = machine.in_force();
  r.restarts = restarts();
  r.ready = sizes.ready;
  r.leased = sizes.leased;
  r.accumulating = sizes.accumulating;
  r.waiters = sizes.waiters;
  if (sizes.oldest_ready)
    r.oldest_ready = now - *sizes.oldest_ready;
  r.counts = machine.counts();
  stats.fill(r, now);
  return r;
}

void queue_cell::publish() noexcept {
  auto sizes = machine.sizes();
  memory.hold(sizes.memory_bytes);
  if (!figures)
    return;
  queue_figures f;
  f.counts = machine.counts();
  f.retention = stats.waits();
  f.ready = sizes.ready;
  f.leased = sizes.leased;
  f.accumulating = sizes.accumulating;
  f.waiters = sizes.waiters;
  f.bytes = sizes.memory_bytes;
  if (sizes.oldest_ready)
    f.oldest_ready_ns = std::chrono::nanoseconds{sizes.oldest_ready->time_since_epoch()}.count();
  f.restarts = restarts();
  figures->publish(f);
}

} // namespace lmq
