#include "gateway/errand.hpp"

#include "actors/errors.hpp"
#include "core/log_value.hpp"
#include "gateway/gateway_actor.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

void errand::start() {
  if (auto known = gateway_.routes().find(queue_))
    tell(known->to.actor);
  else
    find();
}

void errand::on_reply(std::uint64_t, caf::mailbox_element& reply) noexcept {
  try {
    if (auto* found = only<queue_ref>(reply)) {
      tell(gateway_.routes().put(std::move(*found))->to.actor);
    } else if (const auto* doors = only<broker>(reply)) {
      gateway_.meet(*doors);
      find();
    } else if (const auto* e = error_in(reply)) {
      on_error(*e);
    }
  } catch (const std::exception& e) {
    spdlog::warn("gateway.errand_failed queue={} what={}", log_value(queue_), log_value(e.what()));
  }
}

void errand::tell(const queue_handle& queue) {
  if (const auto* lease = std::get_if<lease_id>(&what_))
    ask(step::telling, queue, give_back_atom::value, *lease);
  else
    ask(step::telling, queue, cancel_atom::value, std::get<waiter_id>(what_));
}

void errand::find() {
  ask(step::finding, gateway_.doors().registry, find_atom::value, queue_);
}

// A queue that broke over it has a successor. One that is deleted, or down, has nobody to tell.
void errand::on_error(const caf::error& e) {
  auto again = bounced(e) ? ++bounces_ <= gateway_.limits().resends_max
                          : step_ == step::telling && ++failures_ <= failures_max;
  if (!again)
    return;
  switch (step_) {
  case step::telling:
    if (auto stale = gateway_.routes().find(queue_))
      gateway_.routes().forget(*stale);
    return find();
  case step::finding: return ask(step::meeting, gateway_.doors().supervisor, doors_atom::value);
  case step::meeting: return;
  }
}

template <class Handle, class... Ts>
void errand::ask(step next, const Handle& to, Ts&&... message) {
  step_ = next;
  if (to) // none when the node stops
    gateway_.ask(to, reply_handler_ptr{this}, 0, std::forward<Ts>(message)...);
}

} // namespace lmq
