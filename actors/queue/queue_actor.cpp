#include "actors/queue/queue_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/hooks/hook_chain.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/queue_invariants.hpp"
#include "core/fault_point.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <iterator>
#include <spdlog/spdlog.h>
#include <stdexcept>

namespace lmq {

namespace {

class queue_actor final : public queue_handle::base {
private:
  time_point now() { return system().clock().now(); }

  /// One step of the machine: the verb, what it makes possible, the effects, the timer.
  template <class Verb>
  auto step(Verb verb) {
    auto at = now();
    auto finish = [&] {
      cell_->machine.tick(at, cell_->decided);
      perform(at);
    };
    if constexpr (std::is_void_v<decltype(verb(at))>) {
      verb(at);
      finish();
    } else {
      auto answer = verb(at);
      finish();
      return answer;
    }
  }

public:
  queue_actor(caf::actor_config& config, queue_cell_ptr cell, properties in_force,
              std::shared_ptr<const hook_catalog> hooks)
      : queue_handle::base(config),
        cell_(std::move(cell)),
        hook_catalog_(std::move(hooks)),
        hooks_(in_force, *hook_catalog_, *cell_->name),
        in_force_(std::move(in_force)) {
    set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& e) {
      return log_crash("queue", *cell_->name, cell_->life, e);
    });
  }

  const char* name() const override { return "queue"; }

  behavior_type make_behavior() override {
    take_over();
    return {
      [this](push_atom, message_id id, message& m, const request_headers& h) { return on_push(id, m, h); },
      [this](pull_atom, waiter_id w, const wait_time& wait) { return on_pull(w, wait); },
      [this](cancel_atom, waiter_id w) { step([&](auto at) { machine().cancel(w, at, out()); }); },
      [this](settle_atom, lease_id lease, verdict v) { return on_settle(lease, v); },
      [this](give_back_atom, lease_id l) { step([&](auto at) { machine().give_back(l, at, out()); }); },
      [this](report_atom) { return on_report(); },
      [this](configure_atom, const properties& p) { on_configure(p); },
      [this](close_atom) { on_close(); },
      [this](watch_atom, const caf::actor& by) { return on_watch(by); },
      [this](unwatch_atom) { on_unwatch(); },
      [this](take_atom, waiter_id w) { return on_take(w); },
      [this](yield_atom) { step([&](auto at) { machine().yield(at, out()); }); },
      [this](keep_atom) { step([&](auto at) { machine().keep(at, out()); }); },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  /// The cell is the registry's from here on: this comes before anybody can notice the end.
  void on_exit() override {
    auto cell = std::move(cell_);
    cell->owed.refuse_undecided();
    cell->life.end();
    watcher_ = nullptr;
  }

private:
  queue_machine& machine() noexcept { return cell_->machine; }
  effects& out() noexcept { return cell_->decided; }

  /// What a predecessor has left: whole, or made whole; and finished.
  void take_over() {
    auto& c = *cell_;
    ++c.started;
    LMQ_FAULT_POINT("queue.take_over");
    std::vector<waiter_id> forgotten;
    if (auto broken = broken_invariant(c.machine)) {
      spdlog::error("queue.rebuilt name=\"{}\" invariant={}", *c.name, *broken);
      forgotten = c.machine.rebuild();
      if (auto still = broken_invariant(c.machine))
        throw std::logic_error(*still + " does not hold even after the queue was rebuilt");
    }
    perform(now());
    // Who stood in a line that broke asks again; it was not their doing.
    for (auto who : forgotten)
      if (auto it = c.waiting.find(who); it != c.waiting.end()) {
        it->second.refuse(caf::make_error(caf::sec::request_receiver_down));
        c.waiting.erase(it);
      }
    // Whoever else is not in line was being served when the predecessor broke.
    for (auto it = c.waiting.begin(); it != c.waiting.end();)
      it = c.machine.waits(it->first) ? std::next(it) : c.waiting.erase(it);
    if (in_force_ != c.machine.in_force())
      on_configure(in_force_);
    // Whoever watched hears from the registry of the new actor, and begins anew with it.
    on_unwatch();
  }

  caf::delegated<push_outcome> on_push(message_id id, message& pushed, const request_headers& headers) {
    cell_->owed.begin(*this);
    if (headers && !hooks_.empty())
      hooks_.pre_http_push(*headers, pushed, *cell_->name);
    step([&](auto at) {
      cell_->owed.decide(machine().push(id, std::move(pushed), at, out()));
      cell_->stats.pushed(at);
    });
    return {};
  }

  caf::delegated<pulled> on_pull(waiter_id w, const wait_time& wait) {
    promise_to(w);
    step([&](auto at) { machine().pull(w, wait ? std::optional{at + *wait} : std::nullopt, at, out()); });
    return {};
  }

  caf::delegated<void> on_settle(lease_id lease, verdict v) {
    cell_->owed.begin(*this);
    step([&](auto at) { cell_->owed.decide(settle(lease, v, at)); });
    return {};
  }

  result<void> settle(lease_id lease, verdict v, time_point at) {
    switch (v) {
    case verdict::ack: return machine().ack(lease, at, out());
    case verdict::nack: return machine().nack(lease, at, out());
    case verdict::extend: return machine().extend(lease, at, out());
    }
    __builtin_unreachable();
  }

  queue_report on_report() {
    step([](auto) {});
    return cell_->report(now());
  }

  void on_configure(const properties& in_force) {
    if (in_force.hooks != machine().in_force().hooks)
      hooks_ = hook_chain{in_force, *hook_catalog_, *cell_->name};
    step([&](auto at) { machine().configure(in_force, at, out()); });
  }

  void on_close() {
    machine().close(out());
    perform(now());
    quit();
  }

  // -- pull_any

  bool on_watch(const caf::actor& by) {
    watcher_ = by;
    return step([&](auto at) { return machine().watch(at, out()); });
  }

  void on_unwatch() {
    watcher_ = nullptr;
    step([&](auto at) { machine().unwatch(at, out()); });
  }

  caf::delegated<pulled> on_take(waiter_id w) {
    promise_to(w);
    step([&](auto at) { machine().take(w, at, out()); });
    return {};
  }

  void on_tick(std::uint64_t number) {
    if (tick_.accept(number))
      step([](auto) {});
  }

  // -- effects

  /// Carries out what is decided. What has been carried out is counted one by one, so that whoever comes
  /// after a crash goes on behind it.
  void perform(time_point at) {
    auto& c = *cell_;
    LMQ_FAULT_POINT("queue.answer");
    c.owed.give();
    while (c.performed < c.decided.size()) {
      LMQ_FAULT_POINT("queue.perform");
      std::visit([&](auto& x) { perform_one(x, at); }, c.decided[c.performed]);
      ++c.performed;
      LMQ_FAULT_POINT("queue.performed");
    }
    c.decided.clear();
    c.performed = 0;
    tick_.arm(*this, c.machine.next_deadline());
  }

  void perform_one(deliver& x, time_point at) {
    auto promised = cell_->waiting.find(x.to);
    if (promised == cell_->waiting.end()) {
      auto lease = x.what.lease; // `x` moves when more is decided
      return machine().give_back(lease, at, out());
    }
    // A copy of handles: should there be no memory for the answer, a successor gives it.
    promised->second.deliver({cell_->name, x.what});
    // From here to the count of what has been carried out, nothing throws.
    cell_->waiting.erase(promised);
    cell_->stats.pulled(x.what.waited, at);
  }

  void perform_one(answer_empty& x, time_point) {
    auto promised = cell_->waiting.find(x.to);
    if (promised == cell_->waiting.end())
      return;
    promised->second.deliver({cell_->name, std::nullopt});
    cell_->waiting.erase(promised);
  }

  void perform_one(discard&, time_point) {}

  void perform_one(offer& x, time_point) {
    if (watcher_)
      anon_send(watcher_, offer_atom::value, cell_->name, x.oldest);
  }

  void promise_to(waiter_id w) {
    cell_->waiting.insert_or_assign(w, queue_cell::promise{*this});
    LMQ_FAULT_POINT("queue.promise");
  }

  queue_cell_ptr cell_;
  std::shared_ptr<const hook_catalog> hook_catalog_;
  hook_chain hooks_;
  properties in_force_; ///< at the start
  caf::actor watcher_;  ///< hears of offers
  deadline_tick tick_;
};

} // namespace

queue_handle spawn_queue(caf::actor_system& system, queue_cell_ptr cell, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks) {
  return system.spawn<queue_actor>(std::move(cell), std::move(in_force), std::move(hooks));
}

} // namespace lmq
