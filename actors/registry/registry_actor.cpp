#include "actors/registry/registry_actor.hpp"

#include "actors/errors.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/queue_actor.hpp"
#include "actors/registry/registry_machine.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <unordered_map>

namespace lmq {

namespace {

class registry_actor final : public registry_handle::base {
public:
  registry_actor(caf::actor_config& config, std::shared_ptr<const hook_catalog> hooks)
      : registry_handle::base(config), hooks_(std::move(hooks)), machine_(*hooks_) {
    set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr& e) { return log_crash("registry", "registry", e); });
  }

  const char* name() const override { return "registry"; }

  behavior_type make_behavior() override {
    return {
      [this](resolve_atom, const std::string& name) { return on_resolve(name); },
      [this](find_atom, const std::string& name) { return on_find(name); },
      [this](match_atom, const std::string& expression) { return on_match(expression); },
      [this](remove_atom, const std::string& name) { return done(machine_.remove(name, out_)); },
      [this](rules_atom) { return machine_.rules(); },
      [this](set_rules_atom, std::vector<rule>& rules) {
        return done(machine_.set_rules(std::move(rules), out_));
      },
      [this](props_atom, const std::string& name) { return answer(machine_.in_force(name)); },
      [this](patch_atom, const std::string& name, const property_set& change) {
        return done(machine_.patch(name, change, out_));
      },
      [this](reset_atom, const std::string& name) { return done(machine_.reset(name, out_)); },
      [this](subscribe_atom, const caf::strong_actor_ptr& who) { on_subscribe(who); },
    };
  }

  void on_exit() override {
    for (auto& [name, q] : queues_)
      anon_send(q.ref.actor, close_atom::value);
    queues_.clear();
    subscribers_.clear();
  }

private:
  struct live_queue {
    queue_ref ref;
    std::shared_ptr<std::atomic<bool>> wants_headers;
  };

  template <class T>
  static caf::result<T> answer(result<T> r) {
    if (r)
      return std::move(*r);
    return to_error(r.error());
  }

  /// Carries out what the machine decided, then answers.
  caf::result<void> done(const result<void>& decided) {
    perform();
    if (!decided)
      return to_error(decided.error());
    return caf::unit;
  }

  caf::result<queue_ref> on_resolve(const std::string& name) {
    if (auto it = queues_.find(name); it != queues_.end())
      return it->second.ref;
    auto opened = machine_.open(name, out_);
    perform();
    if (!opened)
      return to_error(opened.error());
    return queues_.at(name).ref;
  }

  caf::result<queue_ref> on_find(const std::string& name) {
    if (auto it = queues_.find(name); it != queues_.end())
      return it->second.ref;
    return to_error({reason::no_such_queue, "there is no queue of this name"});
  }

  caf::result<std::vector<queue_ref>> on_match(const std::string& expression) {
    return answer(machine_.match(expression).map([this](const std::vector<std::string>& names) {
      std::vector<queue_ref> refs;
      refs.reserve(names.size());
      for (const auto& name : names)
        refs.push_back(queues_.at(name).ref);
      return refs;
    }));
  }

  void on_subscribe(const caf::strong_actor_ptr& who) {
    subscribers_.push_back(caf::actor_cast<caf::actor>(who));
    for (const auto& [name, q] : queues_)
      anon_send(subscribers_.back(), opened_atom::value, q.ref);
  }

  // -- effects

  void perform() {
    for (auto& e : out_)
      std::visit([this](auto& x) { perform_one(x); }, e);
    out_.clear();
  }

  void perform_one(open_queue& x) {
    auto name = std::make_shared<const std::string>(std::move(x.name));
    auto wants_headers = std::make_shared<std::atomic<bool>>(x.in_force.hooks.has_value());
    queue_ref ref{name, spawn_queue(system(), name, std::move(x.in_force), hooks_), wants_headers};
    tell_subscribers(opened_atom::value, ref);
    queues_.emplace(*name, live_queue{std::move(ref), std::move(wants_headers)});
  }

  void perform_one(configure_queue& x) {
    auto& q = queues_.at(x.name);
    *q.wants_headers = x.in_force.hooks.has_value();
    anon_send(q.ref.actor, configure_atom::value, std::move(x.in_force));
  }

  void perform_one(close_queue& x) {
    auto it = queues_.find(x.name);
    anon_send(it->second.ref.actor, close_atom::value);
    // Who still holds the old reference sends its push again to the queue's successor, which may have hooks.
    *it->second.wants_headers = true;
    queues_.erase(it);
    tell_subscribers(gone_atom::value, x.name);
  }

  template <class... Ts>
  void tell_subscribers(const Ts&... what) {
    for (auto& s : subscribers_)
      anon_send(s, what...);
  }

  std::shared_ptr<const hook_catalog> hooks_;
  registry_machine machine_;
  registry_effects out_; ///< of the step under way
  std::unordered_map<std::string, live_queue> queues_;
  std::vector<caf::actor> subscribers_;
};

} // namespace

registry_handle spawn_registry(caf::actor_system& system, std::shared_ptr<const hook_catalog> hooks) {
  return system.spawn<registry_actor>(std::move(hooks));
}

} // namespace lmq
