#include "cluster/recording_registry.hpp"

#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "cluster/broken.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <utility>

namespace lmq {

namespace {

class recording_registry final : public registry_before::base {
public:
  recording_registry(caf::actor_config& config, node_handle node)
      : registry_before::base(config), node_(std::move(node)) {
    set_exception_handler(end_broken_node);
    set_exit_handler([this](caf::exit_msg& asked) { quit(std::move(asked.reason)); });
  }

  const char* name() const override { return "recording_registry"; }

  behavior_type make_behavior() override {
    return {
      [this](resolve_atom, const std::string& name) -> caf::delegated<queue_ref> {
        return delegate(inner_, resolve_atom::value, name);
      },
      [this](find_atom, const std::string& name) -> caf::delegated<queue_ref> {
        return delegate(inner_, find_atom::value, name);
      },
      [this](match_atom, const std::string& expression) -> caf::delegated<std::vector<queue_ref>> {
        return delegate(inner_, match_atom::value, expression);
      },
      [this](remove_atom, const std::string& name) { return on_remove(name); },
      [this](rules_atom) -> caf::delegated<std::vector<rule>> { return delegate(inner_, rules_atom::value); },
      [this](set_rules_atom, const std::vector<rule>& rules) {
        return record(request(inner_, caf::infinite, set_rules_atom::value, rules), set_rules_atom::value,
                      rules);
      },
      [this](props_atom, const std::string& name) -> caf::delegated<properties> {
        return delegate(inner_, props_atom::value, name);
      },
      [this](patch_atom, const std::string& name, const property_set& change) {
        return record(request(inner_, caf::infinite, patch_atom::value, name, change), patch_atom::value,
                      name, change);
      },
      [this](replace_atom, const std::string& name, const property_set& own) -> caf::delegated<void> {
        return delegate(inner_, replace_atom::value, name, own);
      },
      [this](replace_atom, std::vector<rule>& rules) -> caf::delegated<void> {
        return delegate(inner_, replace_atom::value, std::move(rules));
      },
      [this](reset_atom, const std::string& name) {
        return record(request(inner_, caf::infinite, reset_atom::value, name), reset_atom::value, name);
      },
      [this](revive_atom, const std::string& name) -> caf::delegated<void> {
        return delegate(inner_, revive_atom::value, name);
      },
      [this](report_atom, const std::string& name) -> caf::delegated<queue_report> {
        return delegate(inner_, report_atom::value, name);
      },
      [this](subscribe_atom, const caf::strong_actor_ptr& who) {
        anon_send(inner_, subscribe_atom::value, who);
      },
      [this](const registry_handle& inner) {
        inner_ = inner;
        anon_send(node_, inner);
      },
    };
  }

  void on_exit() override {
    inner_ = nullptr;
    node_ = nullptr;
  }

private:
  /// What the registry has taken is recorded, and answered when that is on the disk.
  template <class Request, class... Ts>
  caf::delegated<void> record(Request taken, Ts... change) {
    auto asker = std::make_shared<open_request>(*this);
    taken.then(
      [this, asker, change...] {
        request(node_, caf::infinite, change...)
          .then([asker] { asker->answer(caf::message{}); },
                [asker](caf::error& e) { asker->answer(std::move(e)); });
      },
      [asker](caf::error& e) { asker->answer(std::move(e)); });
    return {};
  }

  /// What is ready is purged first, in slices; then the node settles what else the queue holds and has it
  /// removed. A queue that is down can be deleted, too.
  caf::delegated<void> on_remove(const std::string& name) {
    auto asker = std::make_shared<open_request>(*this);
    auto go_on = [this, asker, name] {
      request(node_, caf::infinite, remove_atom::value, name)
        .then([asker] { asker->answer(caf::message{}); },
              [asker](caf::error& e) { asker->answer(std::move(e)); });
    };
    request(inner_, caf::infinite, find_atom::value, name)
      .then(
        [this, go_on](const queue_ref& q) {
          request(q.actor, caf::infinite, order_atom::value, queue_order{orders::purge{}})
            .then([go_on](const order_outcome&) { go_on(); }, [go_on](caf::error&) { go_on(); });
        },
        [go_on, asker](caf::error& e) {
          if (!bounced(e) && to_refusal(e).why == reason::unavailable)
            go_on();
          else
            asker->answer(std::move(e));
        });
    return {};
  }

  node_handle node_;
  registry_handle inner_;
};

} // namespace

registry_before spawn_recording_registry(caf::actor_system& system, node_handle node) {
  return system.spawn<recording_registry>(std::move(node));
}

} // namespace lmq
