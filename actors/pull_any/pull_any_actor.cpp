#include "actors/pull_any/pull_any_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/log_crash.hpp"
#include "actors/pull_any/pull_any_machine.hpp"
#include "core/fault_point.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <unordered_map>

namespace lmq {

namespace {

class pull_any_actor final : public pull_any_handle::base {
public:
  pull_any_actor(caf::actor_config& config, std::shared_ptr<life_sign> life)
      : pull_any_handle::base(config), life_(std::move(life)) {
    set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& e) {
      return log_crash("pull_any", "pull_any", *life_, e);
    });
  }

  const char* name() const override { return "pull_any"; }

  behavior_type make_behavior() override {
    return {
      [this](pull_atom, const std::string& expression, waiter_id w, const wait_time& wait) {
        return on_pull(expression, w, wait);
      },
      [this](cancel_atom, waiter_id w) { on_cancel(w); },
      [this](opened_atom, const queue_ref& q) { on_opened(q); },
      [this](restarted_atom, const queue_ref& q) { on_restarted(q); },
      [this](gone_atom, const std::string& queue) { on_gone(queue); },
      [this](offer_atom, const std::shared_ptr<const std::string>& queue,
             const std::optional<waiter_id>& oldest) { on_offer(queue, oldest); },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  /// Whoever waits is told to ask again, by the promises' end; but not before the supervisor can know.
  void on_exit() override {
    life_->end();
    queues_.clear();
    returning_.clear();
    promises_.clear();
  }

private:
  using promise = guarded_promise<pulled>;

  time_point now() { return system().clock().now(); }

  caf::result<pulled> on_pull(const std::string& expression, waiter_id w, const wait_time& wait) {
    auto at = now();
    auto accepted = machine_.pull(w, expression, wait ? std::optional{at + *wait} : std::nullopt, at, out_);
    if (!accepted)
      return to_error(accepted.error());
    LMQ_FAULT_POINT("pull_any.pull");
    promises_.insert_or_assign(w, promise{*this, caf::sec::request_receiver_down});
    perform();
    return promise::later();
  }

  void on_cancel(waiter_id w) {
    auto at = now();
    machine_.cancel(w, at, out_);
    perform();
  }

  void on_opened(const queue_ref& q) {
    if (auto it = queues_.find(*q.name); it != queues_.end() && it->second.name == q.name) {
      if (it->second.actor != q.actor)
        on_restarted(q); // of which a registry that broke itself could not tell
      return;
    }
    queues_[*q.name] = q;
    machine_.opened(*q.name, out_);
    perform();
  }

  /// The same queue, the same messages, another actor: what was said to the old one may be lost.
  void on_restarted(const queue_ref& q) {
    auto at = now();
    queues_[*q.name] = q;
    machine_.restarted(*q.name, at, out_);
    for (auto [it, end] = returning_.equal_range(*q.name); it != end; it = returning_.erase(it))
      give_back(q, it->second);
    perform();
  }

  void on_gone(const std::string& queue) {
    auto at = now();
    queues_.erase(queue);
    returning_.erase(queue);
    machine_.gone(queue, at, out_);
    perform();
  }

  /// A queue may have been deleted and opened anew since it spoke. Its shared name tells the one from the
  /// other.
  bool is_current(const std::shared_ptr<const std::string>& queue) const {
    auto it = queues_.find(*queue);
    return it != queues_.end() && it->second.name == queue;
  }

  void on_offer(const std::shared_ptr<const std::string>& queue, std::optional<waiter_id> oldest) {
    if (!is_current(queue))
      return;
    auto at = now();
    machine_.offered(*queue, oldest, at, out_);
    perform();
  }

  /// What an actor said that has a successor is void: that one has been asked itself.
  void on_watched(const queue_ref& queue, bool ready) {
    auto it = queues_.find(*queue.name);
    if (it == queues_.end() || it->second.actor != queue.actor)
      return;
    auto at = now();
    machine_.watched(*queue.name, ready, at, out_);
    perform();
  }

  /// The answer to a take goes to its waiter; where that has left meanwhile, back to the queue.
  void on_taken(const queue_ref& queue, waiter_id w, pulled what) {
    auto at = now();
    bool got = what.delivery.has_value();
    bool here = false;
    try {
      here = machine_.taken(*queue.name, w, got ? take_result::delivered : take_result::nothing, at, out_);
      if (got && here)
        answer(w, std::move(what));
    } catch (...) {
      if (got && what.delivery)
        anon_send(queue.actor, give_back_atom::value, what.delivery->lease);
      throw;
    }
    if (got && !here)
      give_back(queue, what.delivery->lease);
    if (!here)
      answer(w, {nullptr, std::nullopt}); // it was cancelled while the take was under way
    perform();
  }

  void on_take_lost(const queue_ref& queue, waiter_id w) {
    auto at = now();
    if (!machine_.taken(*queue.name, w, take_result::lost, at, out_))
      answer(w, {nullptr, std::nullopt});
    perform();
  }

  /// A lease whose queue has just crashed waits for the queue's next actor.
  void give_back(const queue_ref& queue, lease_id lease) {
    request(queue.actor, caf::infinite, give_back_atom::value, lease)
      .then([] {},
            [this, queue, lease](caf::error&) {
              auto it = queues_.find(*queue.name);
              if (it != queues_.end() && it->second.actor != queue.actor)
                give_back(it->second, lease);
              else if (it != queues_.end())
                returning_.emplace(*queue.name, lease);
            });
  }

  void on_tick(std::uint64_t number) {
    if (!tick_.accept(number))
      return;
    auto at = now();
    machine_.tick(at, out_);
    perform();
  }

  // -- effects

  void perform() {
    for (auto& e : out_) {
      LMQ_FAULT_POINT("pull_any.perform");
      std::visit([this](auto& x) { perform_one(x); }, e);
    }
    out_.clear();
    tick_.arm(*this, machine_.next_deadline());
  }

  void perform_one(watch_queue& x) {
    const auto& q = queues_.at(x.queue);
    request(q.actor, caf::infinite, watch_atom::value, caf::actor_cast<caf::actor>(ctrl()))
      .then([this, q](bool ready) { on_watched(q, ready); },
            [](caf::error&) {
              // It has ended: the registry tells us of its successor, or that there is none.
            });
  }

  void perform_one(take_from& x) {
    const auto& q = queues_.at(x.queue);
    request(q.actor, caf::infinite, take_atom::value, x.to)
      .then([this, q, w = x.to](pulled& what) { on_taken(q, w, std::move(what)); },
            [this, q, w = x.to](caf::error&) { on_take_lost(q, w); });
  }

  void perform_one(yield_to& x) { anon_send(queues_.at(x.queue).actor, yield_atom::value); }

  void perform_one(keep_in& x) {
    if (auto it = queues_.find(x.queue); it != queues_.end())
      anon_send(it->second.actor, keep_atom::value);
  }

  void perform_one(nothing_for& x) { answer(x.to, {nullptr, std::nullopt}); }

  void answer(waiter_id w, pulled what) {
    auto it = promises_.find(w);
    LMQ_FAULT_POINT("pull_any.answer");
    auto owed = std::move(it->second);
    promises_.erase(it);
    owed.deliver(std::move(what));
  }

  pull_any_machine machine_;
  pull_any_effects out_;
  std::unordered_map<std::string, queue_ref> queues_;
  std::unordered_map<waiter_id, promise> promises_;
  std::unordered_multimap<std::string, lease_id> returning_; ///< to queues between two actors, by name
  deadline_tick tick_;
  std::shared_ptr<life_sign> life_;
};

} // namespace

pull_any_handle spawn_pull_any(caf::actor_system& system, std::shared_ptr<life_sign> life) {
  return system.spawn<pull_any_actor>(std::move(life));
}

} // namespace lmq
