#include "cluster/front_actor.hpp"

#include "actors/guarded_promise.hpp"
#include "actors/hooks/hook_chain.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <utility>

namespace lmq {

namespace {

using front_handle = queue_handle::extend<caf::reacts_to<ready_atom>>;

/// After so long every queue has heard that it is paused no more.
constexpr duration resumed_everywhere = std::chrono::seconds{1};

class front_actor final : public front_handle::base {
public:
  front_actor(caf::actor_config& config, queue_name name, properties in_force,
              std::shared_ptr<const hook_catalog> hooks, node_handle node)
      : front_handle::base(config),
        name_(std::move(name)),
        in_force_(std::move(in_force)),
        catalog_(std::move(hooks)),
        hooks_(in_force_, *catalog_, *name_),
        node_(std::move(node)) {}

  const char* name() const override { return "front"; }

  behavior_type make_behavior() override {
    return {
      [this](push_atom, message_id id, message& m,
             const request_headers& headers) -> caf::delegated<push_outcome> {
        if (headers && !hooks_.empty())
          hooks_.pre_http_push(*headers, m, *name_);
        return delegate(node_, push_atom::value, name_, id, std::move(m));
      },
      [this](pull_atom, waiter_id w, const wait_time& wait) -> caf::delegated<pulled> {
        return delegate(node_, pull_atom::value, name_, w, wait);
      },
      [this](cancel_atom, waiter_id w) -> caf::delegated<void> {
        return delegate(node_, cancel_atom::value, name_, w);
      },
      [this](settle_atom, lease_id lease, verdict v) -> caf::delegated<void> {
        return delegate(node_, settle_atom::value, name_, lease, v);
      },
      [this](give_back_atom, lease_id lease) -> caf::delegated<void> {
        return delegate(node_, give_back_atom::value, name_, lease);
      },
      [this](report_atom) -> caf::delegated<queue_report> {
        return delegate(node_, report_atom::value, name_);
      },
      [this](order_atom, const queue_order& what) -> caf::delegated<order_outcome> {
        return delegate(node_, order_atom::value, name_, what);
      },
      [this](redrive_atom, std::uint64_t limit) -> caf::delegated<std::uint64_t> {
        return delegate(node_, redrive_atom::value, name_, limit);
      },
      [this](configure_atom, const properties& in_force) { on_configure(in_force); },
      [this](close_atom) { on_close(); },
      [this](watch_atom, const caf::actor& by) { return on_watch(by); },
      [this](unwatch_atom) { on_unwatch(); },
      [this](take_atom, waiter_id w) { return on_take(w); },
      [this](yield_atom) { offered_ = offered::none; },
      [this](keep_atom) {
        if (offered_ == offered::asked)
          offered_ = offered::kept;
      },
      // For the queue itself, which serves where its home is.
      [](serve_atom, const unit_list&) {},
      [](hold_atom) {},
      [](drop_atom) {},
      [](adopt_atom, const unit_list&) {},
      [](forget_atom, const settled_messages&) {},
      [](put_away_atom, const message_ids&) {},
      [](safe_atom, std::uint64_t) {},
      [](tick_atom, std::uint64_t) {},
      [this](ready_atom) { on_ready(); },
    };
  }

  void on_exit() override {
    watcher_ = nullptr;
    node_ = nullptr;
  }

private:
  /// As in the queue machine.
  enum class offered : std::uint8_t { unwatched, none, asked, kept };

  void on_configure(const properties& in_force) {
    if (in_force.hooks != in_force_.hooks)
      hooks_ = hook_chain{in_force, *catalog_, *name_};
    auto resumed = in_force_.paused && !in_force.paused;
    in_force_ = in_force;
    if (!resumed)
      return;
    on_ready();
    // The home may hear of it later than this node, and have had nothing to give until then.
    delayed_anon_send(caf::actor_cast<front_of_queue>(caf::strong_actor_ptr{ctrl()}), resumed_everywhere,
                      ready_atom::value);
  }

  void on_close() {
    on_unwatch();
    quit();
  }

  caf::delegated<bool> on_watch(const caf::actor& by) {
    watcher_ = by;
    auto promise = std::make_shared<guarded_promise<bool>>(*this);
    request(node_, caf::infinite, watch_atom::value, name_,
            caf::actor_cast<front_of_queue>(caf::strong_actor_ptr{ctrl()}))
      .then(
        [this, promise](bool ready) {
          auto any = ready && !in_force_.paused;
          offered_ = any ? offered::kept : offered::none;
          promise->deliver(any);
        },
        [promise](caf::error& e) { promise->refuse(std::move(e)); });
    return {};
  }

  void on_unwatch() {
    if (watcher_)
      anon_send(node_, unwatch_atom::value, name_);
    watcher_ = nullptr;
    offered_ = offered::unwatched;
  }

  /// There may be something. Whoever takes it finds out.
  void on_ready() {
    if (offered_ != offered::none || !watcher_ || in_force_.paused)
      return;
    offered_ = offered::asked;
    anon_send(watcher_, offer_atom::value, name_, std::optional<waiter_id>{});
  }

  /// Where there was one there may be more: that is offered at once, as a queue does it. Otherwise whoever
  /// asks next, before the home has spoken again, would be told that there is nothing.
  caf::delegated<pulled> on_take(waiter_id w) {
    if (offered_ != offered::unwatched)
      offered_ = offered::none;
    auto promise = std::make_shared<guarded_promise<pulled>>(*this, caf::sec::request_receiver_down);
    request(node_, caf::infinite, pull_atom::value, name_, w, wait_time{duration::zero()})
      .then(
        [this, promise](pulled& got) {
          auto was_there = got.delivery.has_value();
          promise->deliver(std::move(got));
          if (was_there)
            on_ready();
        },
        [promise](caf::error& e) { promise->refuse(std::move(e)); });
    return {};
  }

  queue_name name_;
  properties in_force_;
  std::shared_ptr<const hook_catalog> catalog_;
  hook_chain hooks_;
  node_handle node_;
  caf::actor watcher_;
  offered offered_ = offered::unwatched;
};

} // namespace

queue_handle spawn_front(caf::actor_system& system, queue_name name, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks, node_handle node) {
  return system.spawn<front_actor>(std::move(name), std::move(in_force), std::move(hooks), std::move(node));
}

} // namespace lmq
