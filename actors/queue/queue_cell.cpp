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

queue_cell::~queue_cell() {
  try {
    owed.give();
    for (auto& [who, promised] : waiting)
      promised.deliver({name, std::nullopt});
  } catch (const std::bad_alloc&) {
    // No memory for an answer: whoever is left waiting has a gateway with a deadline.
  }
}

void queue_cell::refuse_all(const caf::error& why) {
  owed.give();
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
  stats.fill(r, now);
  return r;
}

} // namespace lmq
