// A cluster that answers what a test says, and remembers what it was asked.
#pragma once

#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "actors/start.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lmq::test {

/// Set up before the first request, looked at after the answer to the last.
struct cluster_script {
  cluster_status status;
  std::optional<refusal> no;     ///< the answer to all but the question for the status
  bool silent = false;           ///< nothing is answered at all
  std::promise<void> called_off; ///< a leave that was silent is not waited for any more

  std::vector<std::string> asked; ///< "join HOST PORT", "leave", "forget NAME"
};

class fake_cluster final : public cluster_handle::base {
public:
  fake_cluster(caf::actor_config& config, std::shared_ptr<cluster_script> s)
      : cluster_handle::base(config), script_(std::move(s)) {}

  behavior_type make_behavior() override {
    return {
      [this](status_atom) -> caf::result<cluster_status> {
        if (script_->silent)
          return keep_open<cluster_status>();
        return script_->status;
      },
      [this](join_atom, const std::string& host, std::uint16_t port) {
        return answer("join " + host + " " + std::to_string(port));
      },
      [this](leave_atom, waiter_id who) {
        leaving_ = who;
        return answer("leave");
      },
      [this](cancel_atom, waiter_id who) {
        if (who != std::exchange(leaving_, std::nullopt))
          return;
        open_.back().deliver(to_error({reason::unavailable, "called off"}));
        script_->called_off.set_value();
      },
      [this](forget_atom, const std::string& name) { return answer("forget " + name); },
    };
  }

  void on_exit() override { open_.clear(); }

private:
  template <class... Ts>
  caf::result<Ts...> keep_open() {
    auto promise = make_response_promise();
    open_.push_back(promise);
    return caf::delegated<Ts...>{};
  }

  caf::result<void> answer(std::string asked) {
    script_->asked.push_back(std::move(asked));
    if (script_->silent)
      return keep_open<void>();
    if (script_->no)
      return to_error(*script_->no);
    return caf::unit;
  }

  std::shared_ptr<cluster_script> script_;
  std::optional<waiter_id> leaving_;
  std::vector<caf::response_promise> open_; ///< a promise that is dropped would answer
};

/// A real broker of one node that belongs to this cluster.
inline broker clustered_broker(caf::actor_system& system, std::shared_ptr<cluster_script> script) {
  auto made = start_broker(system, hook_catalog::built_in());
  made.cluster = system.spawn<fake_cluster>(std::move(script));
  return made;
}

} // namespace lmq::test
