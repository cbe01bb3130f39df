#include "actors/queue/queue_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/errors.hpp"
#include "actors/hooks/hook_chain.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/mover.hpp"
#include "actors/queue/queue_home.hpp"
#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_orders.hpp"
#include "actors/queue/queue_recorder.hpp"
#include "actors/queue/queue_steps.hpp"
#include "actors/queue/queue_waiters.hpp"
#include "core/fault_point.hpp"
#include "core/log_value.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lmq {

namespace {

class queue_actor final : public queue_itself::base, private queue_steps {
public:
  queue_actor(caf::actor_config& config, queue_cell_ptr cell, properties in_force,
              std::shared_ptr<const hook_catalog> hooks, supervisor_handle doors)
      : queue_itself::base(config),
        cell_(std::move(cell)),
        waiters_(*this, *cell_),
        recorder_(*this, *cell_, waiters_),
        orders_(*this, *this, *cell_, recorder_),
        mover_(*this, *this, *cell_, std::move(doors)),
        home_(*this, *cell_, {waiters_, recorder_, orders_, mover_}),
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
      [this](cancel_atom, waiter_id w) { return on_cancel(w); },
      [this](settle_atom, lease_id lease, verdict v) { return on_settle(lease, v); },
      [this](give_back_atom, lease_id l) {
        return if_serving([&](auto at) { machine().give_back(l, at, out()); });
      },
      [this](report_atom) { return on_report(); },
      [this](order_atom, const queue_order& what) { return on_order(what); },
      [this](redrive_atom, std::uint64_t limit) { return on_redrive(limit); },
      [this](configure_atom, const properties& p) { on_configure(p); },
      [this](close_atom) { on_close(); },
      [this](watch_atom, const caf::actor& by) { return on_watch(by); },
      [this](unwatch_atom) { on_unwatch(); },
      [this](take_atom, waiter_id w) { return on_take(w); },
      [this](yield_atom) { return if_serving([&](auto at) { machine().yield(at, out()); }); },
      [this](keep_atom) { return if_serving([&](auto at) { machine().keep(at, out()); }); },
      [this](serve_atom, const unit_list& units) { on_serve(units); },
      [this](hold_atom) { home_.hold(); },
      [this](drop_atom) { on_drop(); },
      [this](adopt_atom, const unit_list& units) { home_.adopt(units); },
      [this](forget_atom, const settled_messages& gone) { home_.forget(gone); },
      [this](put_away_atom, const message_ids& ids) { machine().put_away(*ids); },
      [this](safe_atom, std::uint64_t number) { on_safe(number); },
      [this](flush_atom) { recorder_.tell_now(); },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  /// The cell is the registry's from here on: this comes before anybody can notice the end.
  void on_exit() override {
    auto cell = std::move(cell_);
    mover_.clear();
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
    std::vector<waiter_id> lost;
    if (auto broken = broken_invariant(c.machine)) {
      spdlog::error("queue.rebuilt name={} invariant={}", log_value(*c.name), log_value(*broken));
      lost = c.machine.rebuild();
      if (auto still = broken_invariant(c.machine))
        throw std::logic_error(*still + " does not hold even after the queue was rebuilt");
    }
    home_.take_over();
    mover_.take_over();
    perform(now());
    waiters_.send_away(lost);
    waiters_.take_over();
    if (in_force_ != c.machine.in_force())
      on_configure(in_force_);
    // Whoever watched hears from the registry of the new actor, and begins anew with it.
    on_unwatch();
  }

  /// A step of the machine, for a queue that is at home here.
  template <class Verb>
  caf::result<void> if_serving(Verb verb) {
    if (!cell_->serving)
      return bounce_error();
    step(verb);
    return caf::unit;
  }

  // -- producers and consumers

  caf::result<push_outcome> on_push(message_id id, message& pushed, const request_headers& headers) {
    if (!cell_->serving)
      return bounce_error();
    cell_->owed.begin(*this);
    if (headers && !hooks_.empty())
      hooks_.pre_http_push(*headers, pushed, *cell_->name);
    step([&](auto at) {
      if (cell_->port)
        machine().tick(at, out()); // what is discarded now is not held
      bool again = machine().holds(id);
      if (!again && !recorder_.room_for(id, pushed))
        return cell_->owed.decide(refuse(
          reason::no_space,
          "there is no room on the disk for this message beside what is being written, within --disk-limit and "
          "beyond --disk-reserve; pull what is there, or make room, and push again"));
      auto outcome = machine().push(id, std::move(pushed), at, out());
      if (!outcome) {
        recorder_.keep_room();
        return cell_->owed.decide(
          refuse(outcome.error().why, "queue \"" + *cell_->name + "\" is full: " + outcome.error().detail));
      }
      cell_->owed.decide(*outcome, again ? recorder_.batch_of(id) : recorder_.next_batch());
      if (!again)
        cell_->stats.pushed(at);
    });
    return caf::delegated<push_outcome>{};
  }

  caf::result<pulled> on_pull(waiter_id w, const wait_time& wait) {
    if (!cell_->serving)
      return bounce_error();
    waiters_.promise(w);
    step([&](auto at) { machine().pull(w, wait ? std::optional{at + *wait} : std::nullopt, at, out()); });
    return queue_cell::promise::later();
  }

  caf::result<void> on_cancel(waiter_id w) {
    if (!cell_->serving)
      return bounce_error();
    step([&](auto at) { machine().cancel(w, at, out()); });
    waiters_.cancelled(w);
    return caf::unit;
  }

  caf::result<void> on_settle(lease_id lease, verdict v) {
    if (!cell_->serving)
      return bounce_error();
    cell_->owed.begin(*this);
    step([&](auto at) {
      auto settled = settle(lease, v, at);
      auto batch = settled ? recorder_.next_batch() : 0;
      cell_->owed.decide(std::move(settled), batch);
    });
    return caf::delegated<void>{};
  }

  result<void> settle(lease_id lease, verdict v, time_point at) {
    switch (v) {
    case verdict::ack: return machine().ack(lease, at, out());
    case verdict::nack: return machine().nack(lease, at, out());
    case verdict::extend: return machine().extend(lease, at, out());
    }
    __builtin_unreachable();
  }

  // -- operators

  queue_report on_report() {
    step([](auto) {});
    return cell_->report(now());
  }

  caf::result<order_outcome> on_order(const queue_order& what) {
    if (!cell_->serving)
      return bounce_error();
    return orders_.take(what);
  }

  caf::result<std::uint64_t> on_redrive(std::uint64_t limit) {
    if (!cell_->serving)
      return bounce_error();
    step([&](auto at) { mover_.answer_when_moved(machine().redrive(limit, at, out())); });
    return caf::delegated<std::uint64_t>{};
  }

  void on_configure(const properties& in_force) {
    if (in_force.hooks != machine().in_force().hooks)
      hooks_ = hook_chain{in_force, *hook_catalog_, *cell_->name};
    step([&](auto at) {
      if (cell_->serving)
        machine().configure(in_force, at, out());
      else
        machine().adopt(in_force);
    });
  }

  void on_close() {
    machine().close(out());
    perform(now());
    recorder_.tell_now();
    quit();
  }

  // -- pull_any

  caf::result<bool> on_watch(const caf::actor& by) {
    if (!cell_->serving)
      return bounce_error();
    watcher_ = by;
    return step([&](auto at) { return machine().watch(at, out()); });
  }

  void on_unwatch() {
    watcher_ = nullptr;
    if (cell_->serving)
      step([&](auto at) { machine().unwatch(at, out()); });
  }

  caf::result<pulled> on_take(waiter_id w) {
    if (!cell_->serving)
      return bounce_error();
    waiters_.promise(w);
    step([&](auto at) { machine().take(w, at, out()); });
    return queue_cell::promise::later();
  }

  // -- the journal and the node

  void on_safe(std::uint64_t number) {
    if (!cell_->port)
      return;
    recorder_.set_safe(number);
    mover_.look_again();
    step([](auto) {});
  }

  void on_serve(const unit_list& units) {
    if (home_.serve(units))
      on_unwatch(); // what was said about an offer in the meantime was not heard
  }

  void on_drop() {
    watcher_ = nullptr;
    home_.drop();
  }

  // -- steps

  time_point now() override { return system().clock().now(); }

  void finish(time_point at) override {
    if (cell_->serving)
      cell_->machine.tick(at, cell_->decided);
    perform(at);
  }

  /// Its time has come, or the next slice of a purge.
  void on_tick(std::uint64_t number) {
    if (!tick_.accept(number) || !cell_->serving)
      return;
    if (orders_.purge_is_due())
      orders_.purge_on();
    else
      step([](auto) {});
  }

  /// Carries out what is decided. What has been carried out is counted one by one, so that whoever comes
  /// after a crash goes on behind it.
  void perform(time_point at) {
    auto& c = *cell_;
    do {
      LMQ_FAULT_POINT("queue.answer");
      recorder_.take_in();
      while (c.performed < c.decided.size()) {
        LMQ_FAULT_POINT("queue.perform");
        // What others do about it, they do behind the facts.
        if (!std::holds_alternative<record>(c.decided[c.performed]))
          recorder_.tell_now();
        std::visit([&](auto& x) { perform_one(x, at); }, c.decided[c.performed]);
        ++c.performed;
        LMQ_FAULT_POINT("queue.performed");
      }
      recorder_.let_out_safe(at);
    } while (c.performed < c.decided.size()); // given back: that was decided meanwhile
    c.decided.clear();
    c.performed = 0;
    recorder_.carried_out();
    if (c.serving)
      tick_.arm(*this, orders_.purge_is_due() ? time_point::min() : c.machine.next_deadline());
    c.publish();
    mover_.go_on();
  }

  void perform_one(deliver& x, time_point at) { recorder_.let_out(x, at); }
  void perform_one(answer_empty& x, time_point) { waiters_.answer_empty(x.to); }
  void perform_one(discard& x, time_point) { cell_->moves.erase(x.id); }
  void perform_one(move_on& x, time_point) { mover_.begin(x); }
  void perform_one(record&, time_point) {} // see queue_recorder::take_in

  void perform_one(offer& x, time_point) {
    if (watcher_)
      anon_send(watcher_, offer_atom::value, cell_->name, x.oldest);
  }

  queue_cell_ptr cell_;
  queue_waiters waiters_;
  queue_recorder recorder_;
  queue_orders orders_;
  mover mover_;
  queue_home home_;
  std::shared_ptr<const hook_catalog> hook_catalog_;
  hook_chain hooks_;
  properties in_force_; ///< at the start
  caf::actor watcher_;  ///< hears of offers
  deadline_tick tick_;
};

} // namespace

queue_handle spawn_queue(caf::actor_system& system, queue_cell_ptr cell, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks, supervisor_handle doors) {
  return system.spawn<queue_actor>(std::move(cell), std::move(in_force), std::move(hooks), std::move(doors));
}

} // namespace lmq
