#include "cluster/directory_actor.hpp"

#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/registry/registry_machine.hpp"
#include "cluster/broken.hpp"
#include "cluster/front_actor.hpp"

#include <algorithm>
#include <atomic>
#include <caf/typed_event_based_actor.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace lmq {

namespace {

class directory_actor final : public directory_handle::base {
public:
  directory_actor(caf::actor_config& config, node_handle node, hook_catalog hooks, std::size_t queues_max)
      : directory_handle::base(config),
        node_(std::move(node)),
        hooks_(std::make_shared<const hook_catalog>(std::move(hooks))),
        machine_(*hooks_, queues_max) {
    set_exception_handler(end_broken_node);
    set_exit_handler([this](caf::exit_msg& asked) { on_stop(asked); });
    set_down_handler([this](const caf::down_msg& gone) {
      std::erase_if(subscribers_, [&](const auto& s) { return s.address() == gone.source; });
    });
  }

  const char* name() const override { return "directory"; }

  behavior_type make_behavior() override {
    anon_send(node_, caf::actor_cast<metadata_listener>(caf::strong_actor_ptr{ctrl()}));
    return {
      [this](resolve_atom, const std::string& name) { return on_resolve(name); },
      [this](find_atom, const std::string& name) { return on_find(name); },
      [this](match_atom, const std::string& expression) { return on_match(expression); },
      [this](remove_atom, const std::string& name) { return on_remove(name); },
      [this](rules_atom) {
        return when_begun<std::vector<rule>>([this] { return result<std::vector<rule>>{machine_.rules()}; });
      },
      [this](set_rules_atom, std::vector<rule>& rules) { return on_set_rules(rules); },
      [this](props_atom, const std::string& name) {
        return when_begun<properties>([this, name] { return machine_.in_force(name); });
      },
      [this](patch_atom, const std::string& name, const property_set& change) {
        return on_patch(name, change);
      },
      [this](replace_atom, const std::string& name, const property_set& own) {
        return done(machine_.replace(name, own, out_));
      },
      [this](replace_atom, std::vector<rule>& rules) { return done(set_rules(std::move(rules))); },
      [this](reset_atom, const std::string& name) { return on_reset(name); },
      [this](revive_atom, const std::string& name) -> caf::delegated<void> {
        return delegate(inner_, revive_atom::value, name);
      },
      [this](report_atom, const std::string& name) -> caf::delegated<queue_report> {
        return delegate(inner_, report_atom::value, name);
      },
      [this](subscribe_atom, const caf::strong_actor_ptr& who) { on_subscribe(who); },
      [this](changed_atom, const metadata_change_ptr& what) { on_changed(*what); },
      [this](ready_atom) { on_begun(); },
      [this](const registry_handle& inner) {
        inner_ = inner;
        anon_send(node_, inner);
      },
    };
  }

  void on_exit() override {
    const refusal stops{reason::unavailable, "this node stops; ask another one"};
    for (auto& waiting : std::exchange(waiting_, {}))
      waiting(&stops);
    fronts_.clear();
    subscribers_.clear();
    inner_ = nullptr;
    node_ = nullptr;
  }

private:
  struct known_queue {
    queue_ref ref;
    std::shared_ptr<std::atomic<bool>> wants_headers;
  };

  caf::result<void> done(const result<void>& decided) {
    perform();
    return answer_of(decided);
  }

  caf::result<queue_ref> on_resolve(const std::string& name) {
    if (auto it = fronts_.find(name); it != fronts_.end())
      return it->second.ref;
    auto opened = machine_.open(name, out_);
    perform();
    if (!opened)
      return to_error(opened.error());
    anon_send(node_, opened_atom::value, name);
    return fronts_.at(name).ref;
  }

  /// What a node does not know that has just started it has not heard of yet: who asks for it waits until the
  /// node is in a view.
  template <class T, class Ask>
  caf::result<T> when_begun(Ask ask) {
    if (begun_)
      return answer_of<T>(ask());
    auto promise = make_response_promise<T>();
    waiting_.push_back([promise, ask](const refusal* why_not) mutable {
      auto found = why_not == nullptr ? lmq::result<T>{ask()} : tl::unexpected{*why_not};
      if (found)
        promise.deliver(std::move(*found));
      else
        promise.deliver(to_error(found.error()));
    });
    return promise;
  }

  void on_begun() {
    begun_ = true;
    for (auto& waiting : std::exchange(waiting_, {}))
      waiting(nullptr);
  }

  caf::result<queue_ref> on_find(const std::string& name) {
    if (auto it = fronts_.find(name); it != fronts_.end())
      return it->second.ref;
    return when_begun<queue_ref>([this, name]() -> result<queue_ref> {
      if (auto it = fronts_.find(name); it != fronts_.end())
        return it->second.ref;
      return tl::unexpected{no_such_queue()};
    });
  }

  caf::result<std::vector<queue_ref>> on_match(const std::string& expression) {
    return when_begun<std::vector<queue_ref>>([this, expression] {
      return machine_.match(expression).map([this](const std::vector<std::string>& names) {
        std::vector<queue_ref> refs;
        refs.reserve(names.size());
        for (const auto& name : names)
          refs.push_back(fronts_.at(name).ref);
        return refs;
      });
    });
  }

  // What is asked is looked at here, where a refusal changes nothing; then all members hear of it.

  /// What is ready is purged first, in slices and by the queue's home; so what all members settle at once is
  /// little. Where no home answers, that is everything.
  caf::result<void> on_remove(const std::string& name) {
    auto known = fronts_.find(name);
    if (known == fronts_.end())
      return to_error(begun_
                        ? no_such_queue()
                        : refusal{reason::unavailable,
                                  "this node has just started and does not know the queues yet; try again"});
    auto asker = std::make_shared<open_request>(*this);
    auto go_on = [this, asker, name] {
      request(node_, caf::infinite, remove_atom::value, name)
        .then([asker] { asker->answer(caf::message{}); },
              [asker](caf::error& e) { asker->answer(std::move(e)); });
    };
    request(known->second.ref.actor, caf::infinite, order_atom::value, queue_order{orders::purge{}})
      .then([go_on](const order_outcome&) { go_on(); }, [go_on](caf::error&) { go_on(); });
    return caf::delegated<void>{};
  }

  /// All fronts at once: the change is answered when every node has heard of it, and whatever comes
  /// afterwards must find them told.
  result<void> set_rules(std::vector<rule> rules) {
    auto decided = machine_.set_rules(std::move(rules));
    machine_.follow_all(out_);
    return decided;
  }

  caf::result<void> on_set_rules(std::vector<rule>& rules) {
    auto decided = set_rules(rules);
    perform();
    if (!decided)
      return to_error(decided.error());
    return delegate(node_, set_rules_atom::value, std::move(rules));
  }

  caf::result<void> on_patch(const std::string& name, const property_set& change) {
    auto decided = machine_.patch(name, change, out_);
    perform();
    if (!decided)
      return to_error(decided.error());
    return delegate(node_, patch_atom::value, name, change);
  }

  caf::result<void> on_reset(const std::string& name) {
    auto decided = machine_.reset(name, out_);
    perform();
    if (!decided)
      return to_error(decided.error());
    return delegate(node_, reset_atom::value, name);
  }

  static refusal no_such_queue() { return {reason::no_such_queue, "there is no queue of this name"}; }

  /// What holds in the whole cluster now.
  void on_changed(const metadata_change& what) {
    if (what.queue.empty())
      (void)set_rules(what.rules);
    else if (what.of_queue.exists)
      (void)machine_.replace(what.queue, what.of_queue.own, out_);
    else
      (void)machine_.remove(what.queue, out_);
    perform();
  }

  void on_subscribe(const caf::strong_actor_ptr& who) {
    auto subscriber = caf::actor_cast<caf::actor>(who);
    if (std::find(subscribers_.begin(), subscribers_.end(), subscriber) == subscribers_.end()) {
      subscribers_.push_back(subscriber);
      monitor(subscriber);
    }
    for (const auto& [name, q] : fronts_)
      anon_send(subscriber, opened_atom::value, q.ref);
  }

  void on_stop(caf::exit_msg& asked) {
    for (auto& [name, q] : fronts_)
      anon_send(q.ref.actor, close_atom::value);
    quit(std::move(asked.reason));
  }

  // -- effects

  void perform() {
    for (auto& e : out_)
      std::visit([this](auto& x) { perform_one(x); }, e);
    out_.clear();
  }

  void perform_one(open_queue& x) {
    auto name = std::make_shared<const std::string>(x.name);
    auto wants_headers = std::make_shared<std::atomic<bool>>(x.in_force.hooks.has_value());
    auto front = spawn_front(system(), name, x.in_force, hooks_, node_);
    auto it =
      fronts_.insert_or_assign(x.name, known_queue{{name, front, wants_headers}, wants_headers}).first;
    for (auto& s : subscribers_)
      anon_send(s, opened_atom::value, it->second.ref);
  }

  void perform_one(configure_queue& x) {
    auto& q = fronts_.at(x.name);
    *q.wants_headers = x.in_force.hooks.has_value();
    anon_send(q.ref.actor, configure_atom::value, x.in_force);
  }

  void perform_one(close_queue& x) {
    auto it = fronts_.find(x.name);
    if (it == fronts_.end())
      return;
    for (auto& s : subscribers_)
      anon_send(s, gone_atom::value, x.name);
    *it->second.wants_headers = true; // its successor may have hooks
    anon_send(it->second.ref.actor, close_atom::value);
    fronts_.erase(it);
  }

  node_handle node_;
  registry_handle inner_;
  std::shared_ptr<const hook_catalog> hooks_;
  registry_machine machine_;
  registry_effects out_;
  std::unordered_map<std::string, known_queue> fronts_;
  std::vector<caf::actor> subscribers_;
  bool begun_ = false; ///< this node knows what the others know
  std::vector<std::function<void(const refusal*)>> waiting_;
};

} // namespace

directory_handle spawn_directory(caf::actor_system& system, node_handle node, hook_catalog hooks,
                                 std::size_t queues_max) {
  return system.spawn<directory_actor>(std::move(node), std::move(hooks), queues_max);
}

} // namespace lmq
