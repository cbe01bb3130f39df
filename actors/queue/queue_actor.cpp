#include "actors/queue/queue_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/hooks/hook_chain.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/queue_machine.hpp"
#include "actors/stats/queue_stats.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <unordered_map>

namespace lmq {

namespace {

class queue_actor final : public queue_handle::base {
private:
  time_point now() { return system().clock().now(); }

  /// One step of the machine: the verb, its effects, the timer.
  template <class Verb>
  auto step(Verb verb) {
    auto at = now();
    if constexpr (std::is_void_v<decltype(verb(at))>) {
      verb(at);
      perform(at);
    } else {
      auto answer = verb(at);
      perform(at);
      return answer;
    }
  }

public:
  queue_actor(caf::actor_config& config, std::shared_ptr<const std::string> name, properties in_force,
              std::shared_ptr<const hook_catalog> hooks)
      : queue_handle::base(config),
        name_(std::move(name)),
        hook_catalog_(std::move(hooks)),
        hooks_(in_force, *hook_catalog_, *name_),
        machine_(std::move(in_force)),
        stats_(now(), id()) {
    set_exception_handler(
      [this](caf::scheduled_actor*, std::exception_ptr& e) { return log_crash("queue", *name_, e); });
  }

  const char* name() const override { return "queue"; }

  behavior_type make_behavior() override {
    return {
      [this](push_atom, message_id id, message& m, const request_headers& h) { return on_push(id, m, h); },
      [this](pull_atom, waiter_id w, const wait_time& wait) { return on_pull(w, wait); },
      [this](cancel_atom, waiter_id w) { step([&](auto at) { machine_.cancel(w, at, out_); }); },
      [this](settle_atom, lease_id lease, verdict v) { return on_settle(lease, v); },
      [this](give_back_atom, lease_id lease) { step([&](auto at) { machine_.give_back(lease, at, out_); }); },
      [this](report_atom) { return on_report(); },
      [this](configure_atom, const properties& p) { on_configure(p); },
      [this](close_atom) { on_close(); },
      [this](watch_atom, const caf::actor& by) { return on_watch(by); },
      [this](take_atom, waiter_id w) { return on_take(w); },
      [this](yield_atom) { step([&](auto at) { machine_.yield(at, out_); }); },
      [this](keep_atom) { step([&](auto at) { machine_.keep(at, out_); }); },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  /// Whoever waits hears of the end, also where a handler threw; handles to the actor may outlive it.
  void on_exit() override {
    promises_.clear();
    watcher_ = nullptr;
  }

private:
  push_outcome on_push(message_id id, message& pushed, const request_headers& headers) {
    if (headers && !hooks_.empty())
      hooks_.pre_http_push(*headers, pushed, *name_);
    return step([&](auto at) {
      stats_.pushed(at);
      return machine_.push(id, std::move(pushed), at, out_);
    });
  }

  caf::delegated<pulled> on_pull(waiter_id w, const wait_time& wait) {
    promises_.emplace(w, promise{*this});
    step([&](auto at) { machine_.pull(w, wait ? std::optional{at + *wait} : std::nullopt, at, out_); });
    return promise::later();
  }

  caf::result<void> on_settle(lease_id lease, verdict v) {
    auto settled = step([&](auto at) {
      switch (v) {
      case verdict::ack: return machine_.ack(lease, at, out_);
      case verdict::nack: return machine_.nack(lease, at, out_);
      case verdict::extend: return machine_.extend(lease, at, out_);
      }
      __builtin_unreachable();
    });
    if (!settled)
      return to_error(settled.error());
    return caf::unit;
  }

  queue_report on_report() {
    auto at = now();
    step([&](auto due) { machine_.tick(due, out_); });
    auto sizes = machine_.sizes();
    queue_report r;
    r.name = *name_;
    r.size = sizes.messages();
    r.memory_bytes = sizes.memory_bytes;
    r.in_force = machine_.in_force();
    stats_.fill(r, at);
    return r;
  }

  void on_configure(const properties& in_force) {
    if (in_force.hooks != machine_.in_force().hooks)
      hooks_ = hook_chain{in_force, *hook_catalog_, *name_};
    step([&](auto at) { machine_.configure(in_force, at, out_); });
  }

  void on_close() {
    step([&](auto) { machine_.close(out_); });
    quit();
  }

  bool on_watch(const caf::actor& by) {
    watcher_ = by;
    return step([&](auto at) { return machine_.watch(at, out_); });
  }

  caf::delegated<pulled> on_take(waiter_id w) {
    promises_.emplace(w, promise{*this});
    step([&](auto at) { machine_.take(w, at, out_); });
    return promise::later();
  }

  void on_tick(std::uint64_t number) {
    if (tick_.accept(number))
      step([&](auto at) { machine_.tick(at, out_); });
  }

  // -- effects

  void perform(time_point at) {
    for (auto& e : out_)
      std::visit([&](auto& x) { perform_one(x, at); }, e);
    out_.clear();
    tick_.arm(*this, machine_.next_deadline());
  }

  void perform_one(deliver& x, time_point at) {
    stats_.pulled(x.what.waited, at);
    answer(x.to, {name_, std::move(x.what)});
  }

  void perform_one(answer_empty& x, time_point) { answer(x.to, {name_, std::nullopt}); }

  void perform_one(discard&, time_point) {}

  void perform_one(offer& x, time_point) { anon_send(watcher_, offer_atom::value, name_, x.oldest); }

  void answer(waiter_id w, pulled what) {
    auto it = promises_.find(w);
    auto owed = std::move(it->second);
    promises_.erase(it);
    owed.deliver(std::move(what));
  }

  using promise = guarded_promise<pulled>;

  std::shared_ptr<const std::string> name_;
  std::shared_ptr<const hook_catalog> hook_catalog_;
  hook_chain hooks_;
  queue_machine machine_;
  queue_stats stats_;
  effects out_; ///< of the step under way; kept for its capacity
  std::unordered_map<waiter_id, promise> promises_;
  caf::actor watcher_;
  deadline_tick tick_;
};

} // namespace

queue_handle spawn_queue(caf::actor_system& system, std::shared_ptr<const std::string> name,
                         properties in_force, std::shared_ptr<const hook_catalog> hooks) {
  return system.spawn<queue_actor>(std::move(name), std::move(in_force), std::move(hooks));
}

} // namespace lmq
