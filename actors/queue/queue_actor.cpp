#include "actors/queue/queue_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/hooks/hook_chain.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/mover.hpp"
#include "actors/queue/queue_invariants.hpp"
#include "core/fault_point.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <iterator>
#include <set>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <utility>

namespace lmq {

namespace {

class queue_actor final : public queue_itself::base, private mover::owner {
private:
  time_point now() { return system().clock().now(); }

  /// One step of the machine: the verb, what it makes possible, the effects, the timer.
  template <class Verb>
  auto step(Verb verb) {
    auto at = now();
    auto finish = [&] {
      if (cell_->serving)
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
              std::shared_ptr<const hook_catalog> hooks, supervisor_handle doors)
      : queue_itself::base(config),
        cell_(std::move(cell)),
        mover_(*this, *this, *cell_, std::move(doors)),
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
      [this](hold_atom) { on_hold(); },
      [this](drop_atom) { on_drop(); },
      [this](adopt_atom, const unit_list& units) { on_adopt(units); },
      [this](forget_atom, const settled_messages& gone) { on_forget(gone); },
      [this](put_away_atom, const message_ids& ids) { machine().put_away(*ids); },
      [this](safe_atom, std::uint64_t number) { on_safe(number); },
      [this](flush_atom) { tell_journal_now(); },
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
    std::vector<waiter_id> forgotten;
    if (auto broken = broken_invariant(c.machine)) {
      spdlog::error("queue.rebuilt name={} invariant={}", log_value(*c.name), log_value(*broken));
      forgotten = c.machine.rebuild();
      if (auto still = broken_invariant(c.machine))
        throw std::logic_error(*still + " does not hold even after the queue was rebuilt");
    }
    if (c.port)
      take_over_journal(*c.port);
    mover_.take_over();
    perform(now());
    // Who stood in a line that broke asks again; it was not their doing.
    for (auto who : forgotten)
      if (auto it = c.waiting.find(who); it != c.waiting.end()) {
        it->second.refuse(bounce());
        c.waiting.erase(it);
      }
    // Whoever else is not in line was being served when the predecessor broke.
    auto served = being_served();
    for (auto it = c.waiting.begin(); it != c.waiting.end();)
      it = c.machine.waits(it->first) || served.contains(it->first) ? std::next(it) : c.waiting.erase(it);
    if (in_force_ != c.machine.in_force())
      on_configure(in_force_);
    // Whoever watched hears from the registry of the new actor, and begins anew with it.
    on_unwatch();
  }

  static caf::error bounce() { return caf::make_error(caf::sec::request_receiver_down); }

  /// A step of the machine, for a queue that is at home here.
  template <class Verb>
  caf::result<void> if_serving(Verb verb) {
    if (!cell_->serving)
      return bounce();
    step(verb);
    return caf::unit;
  }

  caf::result<push_outcome> on_push(message_id id, message& pushed, const request_headers& headers) {
    if (!cell_->serving)
      return bounce();
    cell_->owed.begin(*this);
    if (headers && !hooks_.empty())
      hooks_.pre_http_push(*headers, pushed, *cell_->name);
    step([&](auto at) {
      if (cell_->port)
        machine().tick(at, out()); // what is discarded now is not held
      bool again = machine().holds(id);
      if (!again && !room_for(id, pushed))
        return cell_->owed.decide(
          refuse(reason::no_space, "there is no room on the disk for this message beside what is being "
                                   "written and --disk-reserve; pull what is there, or make room, and push "
                                   "again"));
      auto outcome = machine().push(id, std::move(pushed), at, out());
      if (!outcome && cell_->port)
        keep_room(*cell_->port);
      if (!outcome)
        return cell_->owed.decide(
          refuse(outcome.error().why, "queue \"" + *cell_->name + "\" is full: " + outcome.error().detail));
      cell_->owed.decide(*outcome, again ? cell_->port->unsafe.batch_of(id) : next_batch());
      if (!again)
        cell_->stats.pushed(at);
    });
    return caf::delegated<push_outcome>{};
  }

  /// Moves have asked at the node, which lets them further in.
  bool room_for(message_id id, const message& pushed) {
    return !cell_->port || is_moved(id) || cell_->port->room.take(memory_bytes(pushed));
  }

  /// Of what is not stored yet.
  static void keep_room(journal_port& port) {
    port.room.keep(port.unsafe.unsafe_messages(), port.unsafe.unsafe_bytes());
  }

  caf::result<pulled> on_pull(waiter_id w, const wait_time& wait) {
    if (!cell_->serving)
      return bounce();
    promise_to(w);
    step([&](auto at) { machine().pull(w, wait ? std::optional{at + *wait} : std::nullopt, at, out()); });
    return queue_cell::promise::later();
  }

  caf::result<void> on_cancel(waiter_id w) {
    if (!cell_->serving)
      return bounce();
    step([&](auto at) { machine().cancel(w, at, out()); });
    // It may have been served, with a delivery that is not safe yet: that finds nobody, and is given back.
    auto it = cell_->port ? cell_->waiting.find(w) : cell_->waiting.end();
    if (it != cell_->waiting.end()) {
      it->second.deliver({cell_->name, std::nullopt});
      cell_->waiting.erase(it);
    }
    return caf::unit;
  }

  caf::result<void> on_settle(lease_id lease, verdict v) {
    if (!cell_->serving)
      return bounce();
    cell_->owed.begin(*this);
    step([&](auto at) {
      auto settled = settle(lease, v, at);
      auto batch = settled ? next_batch() : 0;
      cell_->owed.decide(std::move(settled), batch);
    });
    return caf::delegated<void>{};
  }

  /// What is decided in this step is told under this number.
  std::uint64_t next_batch() const noexcept { return cell_->port ? cell_->port->unsafe.open() : 0; }

  result<void> settle(lease_id lease, verdict v, time_point at) {
    switch (v) {
    case verdict::ack: return machine().ack(lease, at, out());
    case verdict::nack: return machine().nack(lease, at, out());
    case verdict::extend: return machine().extend(lease, at, out());
    }
    __builtin_unreachable();
  }

  caf::result<order_outcome> on_order(const queue_order& what) {
    if (!cell_->serving)
      return bounce();
    if (const auto* peek = std::get_if<orders::peek>(&what))
      return order_outcome{look_at(std::min(peek->n, peek_limits::messages_max))};
    if (const auto* one = std::get_if<orders::remove>(&what)) {
      cell_->owed.begin(*this);
      step([&](auto at) {
        auto removal = machine().erase(one->id, at, out()).map([] { return order_outcome{removed{}}; });
        auto batch = removal ? next_batch() : 0;
        cell_->owed.decide_order(std::move(removal), batch);
      });
    } else {
      on_purge();
    }
    return caf::delegated<order_outcome>{};
  }

  // A purge goes in slices: each is a step of its own, behind the facts of the one before, and in between
  // everybody else has a turn. It goes up to where the line ended when it was asked for.

  void on_purge() {
    auto& c = *cell_;
    c.owed.begin(*this); // until the purge has it: should this fail, whoever asked hears of it
    auto until = machine().end_of_line(now(), out());
    auto& purge = c.purges.emplace_back();
    purge.asker = c.owed.put_off();
    purge.until = until;
    if (c.purges.size() == 1)
      purge_on();
    else
      step([](auto) {});
  }

  /// The next slice may be cut.
  bool purge_is_due() const {
    const auto& c = *cell_;
    return c.serving && !c.purges.empty() && (!c.port || c.port->unsafe.is_safe(c.purges.front().batch));
  }

  /// Should it break over a slice, whoever asked hears that, as of any request; what earlier slices dropped
  /// stays dropped. Between two slices a successor goes on.
  void purge_on() {
    auto& c = *cell_;
    auto purge = std::move(c.purges.front());
    c.purges.pop_front();
    c.owed.begin(std::move(purge.asker));
    step([&](auto at) {
      auto& rest = c.purges.emplace_front(); // before anything is decided: nothing fails afterwards
      queue_machine::purge_slice slice;
      try {
        slice = machine().purge(purge.until, c.purge_slice, at, out());
      } catch (...) {
        c.purges.pop_front();
        throw;
      }
      purge.dropped += slice.dropped;
      auto batch = slice.dropped > 0 ? next_batch() : 0;
      if (slice.more) {
        rest = {c.owed.put_off(), purge.until, purge.dropped, batch};
      } else {
        c.purges.pop_front();
        c.owed.decide_order(order_outcome{purged{purge.dropped}}, batch);
      }
    });
  }

  /// Bodies that are away are read, which may wait for the disk: no more than peek_limits allow.
  peeked_messages look_at(std::size_t n) {
    step([](auto) {});
    peeked_messages all;
    read_allowance allowed;
    auto read = [this](message_id id) { return cell_->port->read(*cell_->name, id); };
    for (const auto& m : machine().peek(n, now()))
      if (auto one = shown(m, read, allowed)) // else the word that it is settled is on its way
        all.push_back(*std::move(one));
    return all;
  }

  queue_report on_report() {
    step([](auto) {});
    return cell_->report(now());
  }

  caf::result<std::uint64_t> on_redrive(std::uint64_t limit) {
    if (!cell_->serving)
      return bounce();
    step([&](auto at) { mover_.answer_when_moved(machine().redrive(limit, at, out())); });
    return caf::delegated<std::uint64_t>{};
  }

  void move_ended(message_id unit, std::optional<mover::refused_how> refused) override {
    step([&](auto at) {
      if (refused)
        machine().not_moved(unit, *refused, at, out());
      else
        machine().moved(unit, at, out());
    });
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
    tell_journal_now();
    quit();
  }

  // -- pull_any

  caf::result<bool> on_watch(const caf::actor& by) {
    if (!cell_->serving)
      return bounce();
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
      return bounce();
    promise_to(w);
    step([&](auto at) { machine().take(w, at, out()); });
    return queue_cell::promise::later();
  }

  void on_tick(std::uint64_t number) {
    if (!tick_.accept(number) || !cell_->serving)
      return;
    if (purge_is_due())
      purge_on();
    else
      step([](auto) {});
  }

  // -- at home or not, see queue_handle. A successor finishes each of these.

  void on_serve(const unit_list& units) {
    if (!cell_->port)
      return;
    bool served = std::exchange(cell_->serving, true);
    mover_.look_again();
    on_adopt(units);
    if (!served)
      on_unwatch(); // what was said about an offer in the meantime was not heard
  }

  void on_hold() {
    if (!cell_->port)
      return;
    cell_->serving = false;
    tell_journal_now();
  }

  void on_adopt(const unit_list& units) {
    if (!cell_->port || !units)
      return;
    cell_->port->adopting = units;
    step([this](auto at) { finish_adopting(at); });
  }

  void finish_adopting(time_point at) {
    auto& port = *cell_->port;
    for (; port.adopting && port.adopted < port.adopting->size(); ++port.adopted)
      machine().adopt((*port.adopting)[port.adopted], at, out());
    port.adopting = nullptr;
    port.adopted = 0;
    mover_.look_again(); // what was on its way may have come back
  }

  void on_forget(const settled_messages& gone) {
    if (!cell_->port || !gone)
      return;
    cell_->port->forgetting = gone;
    step([this](auto at) { finish_forgetting(at); });
  }

  void finish_forgetting(time_point at) {
    if (auto& gone = cell_->port->forgetting) {
      machine().forget(*gone, at, out());
      gone = nullptr;
      mover_.look_again(); // what was on its way may be gone
    }
  }

  void on_drop() {
    if (!cell_->port)
      return;
    cell_->serving = false;
    cell_->port->dropping = true;
    finish_dropping();
  }

  void finish_dropping() {
    auto& c = *cell_;
    watcher_ = nullptr;
    c.machine.drop();
    mover_.drop();
    c.port->unsafe.give_all([](auto& held) {
      LMQ_FAULT_POINT("queue.drop_answer");
      if (auto* owed = std::get_if<owed_answer>(&held))
        owed->refuse(bounce());
      return true;
    });
    for (auto it = c.waiting.begin(); it != c.waiting.end(); it = c.waiting.erase(it)) {
      LMQ_FAULT_POINT("queue.drop_waiter");
      it->second.refuse(bounce());
    }
    for (auto it = c.purges.begin(); it != c.purges.end(); it = c.purges.erase(it)) {
      LMQ_FAULT_POINT("queue.drop_purge");
      it->asker.answer(bounce());
    }
    c.port->unsafe.forget_batches();
    keep_room(*c.port);
    c.port->dropping = false;
  }

  void on_safe(std::uint64_t number) {
    if (!cell_->port)
      return;
    cell_->port->unsafe.set_safe(number);
    keep_room(*cell_->port);
    mover_.look_again();
    step([](auto) {});
  }

  /// What a predecessor has not finished, and what the journal may not have heard.
  void take_over_journal(journal_port& port) {
    if (port.dropping)
      finish_dropping();
    for (const auto& [number, facts] : port.unsafe.unsafe_batches())
      send(port.journal, record_atom::value, cell_->name, facts, number);
    tell_journal_later(); // of what a predecessor has gathered
    finish_adopting(now());
    finish_forgetting(now());
  }

  /// Those whose delivery waits to be safe.
  std::set<waiter_id> being_served() const {
    std::set<waiter_id> all;
    if (cell_->port)
      for (const auto& [number, held] : cell_->port->unsafe.waiting())
        if (const auto* d = std::get_if<deliver>(&held))
          all.insert(d->to);
    return all;
  }

  // -- effects

  /// Carries out what is decided. What has been carried out is counted one by one, so that whoever comes
  /// after a crash goes on behind it.
  void perform(time_point at) {
    auto& c = *cell_;
    do {
      LMQ_FAULT_POINT("queue.answer");
      if (c.port)
        tell_journal(*c.port);
      else
        c.owed.give();
      while (c.performed < c.decided.size()) {
        LMQ_FAULT_POINT("queue.perform");
        // What others do about it, they do behind the facts.
        if (c.port && !std::holds_alternative<record>(c.decided[c.performed]))
          tell_journal_now();
        std::visit([&](auto& x) { perform_one(x, at); }, c.decided[c.performed]);
        ++c.performed;
        LMQ_FAULT_POINT("queue.performed");
      }
      if (c.port)
        give_safe(*c.port, at);
    } while (c.performed < c.decided.size()); // given back: that was decided meanwhile
    c.decided.clear();
    c.performed = 0;
    if (c.port)
      c.port->told = 0;
    if (c.serving)
      tick_.arm(*this, purge_is_due() ? time_point::min() : c.machine.next_deadline());
    c.publish();
    mover_.go_on();
  }

  /// Gathers what is decided for the journal, and lets the answer to it wait where it has to.
  void tell_journal(journal_port& port) {
    auto& c = *cell_;
    for (; port.told < c.decided.size(); ++port.told)
      if (auto* fact = std::get_if<record>(&c.decided[port.told]))
        port.unsafe.add(fact->what);
    if (port.unsafe.open_is_full())
      tell_journal_now();
    else
      tell_journal_later();
    if (port.unsafe.is_safe(c.owed.batch()))
      return c.owed.give();
    port.unsafe.hold(c.owed.batch(), std::move(c.owed));
    c.owed = {};
  }

  /// Sends what has been gathered, which a successor does if this one does not come to it.
  void tell_journal_now() {
    if (!cell_->port)
      return;
    auto& unsafe = cell_->port->unsafe;
    telling_ = false;
    if (auto facts = unsafe.close()) {
      LMQ_FAULT_POINT("queue.tell");
      send(cell_->port->journal, record_atom::value, cell_->name, fact_batch{std::move(facts)},
           unsafe.last());
    }
  }

  /// Behind the requests that are there now: those of a burst are one batch.
  void tell_journal_later() {
    if (!cell_->port->unsafe.has_open() || std::exchange(telling_, true))
      return;
    if (!cell_->port->later)
      return send(this, flush_atom::value);
    cell_->port->later([self = caf::weak_actor_ptr{ctrl()}] {
      if (auto queue = caf::actor_cast<caf::strong_actor_ptr>(self))
        caf::anon_send(caf::actor_cast<caf::actor>(queue), flush_atom::value);
    });
  }

  void give_safe(journal_port& port, time_point at) {
    port.unsafe.give_safe([&](auto& held) {
      LMQ_FAULT_POINT("queue.give_safe");
      if (auto* d = std::get_if<deliver>(&held))
        return hand_over(*d, at);
      std::get<owed_answer>(held).give();
      return true;
    });
  }

  void perform_one(deliver& x, time_point at) {
    auto batch = cell_->port ? cell_->port->unsafe.batch_of(x.what) : 0;
    if (batch > 0)
      return cell_->port->unsafe.hold(batch, std::move(x));
    if (!hand_over(x, at))
      cell_->port->unsafe.hold(0, std::move(x));
  }

  /// False: nobody takes it, and the queue does not serve, so that it can't be given back now.
  bool hand_over(deliver& x, time_point at) {
    auto promised = cell_->waiting.find(x.to);
    if (promised == cell_->waiting.end()) {
      auto lease = x.what.lease; // `x` moves when more is decided
      if (cell_->serving)
        machine().give_back(lease, at, out());
      return cell_->serving;
    }
    if (is_away(x.what.content) && !read_bodies(x.what)) {
      // Settled elsewhere meanwhile, and the word of it is on its way.
      promised->second.deliver({cell_->name, std::nullopt});
      cell_->waiting.erase(promised);
      return true;
    }
    // A copy of handles: should there be no memory for the answer, a successor gives it.
    promised->second.deliver({cell_->name, x.what});
    // From here to the count of what has been carried out, nothing throws.
    cell_->waiting.erase(promised);
    cell_->stats.pulled(x.what.waited, at);
    return true;
  }

  /// False: something of it is gone.
  bool read_bodies(delivery& what) {
    auto whole = bodies_of(what.content, what.lease.message);
    if (whole)
      what.content = *std::move(whole);
    return whole.has_value();
  }

  std::optional<parcel> bodies_of(const parcel& what, message_id unit) {
    return with_bodies(what, unit, [this](message_id id) { return cell_->port->read(*cell_->name, id); });
  }

  void perform_one(answer_empty& x, time_point) {
    auto promised = cell_->waiting.find(x.to);
    if (promised == cell_->waiting.end())
      return;
    promised->second.deliver({cell_->name, std::nullopt});
    cell_->waiting.erase(promised);
  }

  void perform_one(discard& x, time_point) { cell_->moves.erase(x.id); }
  void perform_one(move_on& x, time_point) { mover_.begin(x); }
  void perform_one(record&, time_point) {} // see tell_journal

  void perform_one(offer& x, time_point) {
    if (watcher_)
      anon_send(watcher_, offer_atom::value, cell_->name, x.oldest);
  }

  void promise_to(waiter_id w) {
    cell_->waiting.insert_or_assign(w, queue_cell::promise{*this});
    LMQ_FAULT_POINT("queue.promise");
  }

  queue_cell_ptr cell_;
  mover mover_;
  std::shared_ptr<const hook_catalog> hook_catalog_;
  hook_chain hooks_;
  properties in_force_;  ///< at the start
  caf::actor watcher_;   ///< hears of offers
  bool telling_ = false; ///< the journal, when a flush comes
  deadline_tick tick_;
};

} // namespace

queue_handle spawn_queue(caf::actor_system& system, queue_cell_ptr cell, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks, supervisor_handle doors) {
  return system.spawn<queue_actor>(std::move(cell), std::move(in_force), std::move(hooks), std::move(doors));
}

} // namespace lmq
