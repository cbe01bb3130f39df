// A broker whose one queue does what a test says, where the real one would not oblige: never answer, die,
// answer late.
#pragma once

#include "actors/messages.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace lmq::test {

class fake_queue;

/// What a fake queue does, and what it and its registry have seen. Set up before the first request, looked at
/// after the answer to the last; in between on the actors' thread only.
struct script {
  std::function<void(fake_queue&)> on_push = [](fake_queue&) {};
  std::function<void(fake_queue&)> on_pull = [](fake_queue&) {};

  unsigned resolved = 0; ///< times that the way to the queue was asked for; each time there is a new one
  std::vector<message_id> pushed;
  std::vector<waiter_id> pulling, cancelled;
  std::vector<lease_id> given_back;
};

inline pulled some_delivery(lease_id lease, std::string_view body) {
  return {std::make_shared<const std::string>("q"),
          delivery{lease, message{payload::copy_of("", body), nullptr}, 2, {}}};
}

class fake_queue final : public queue_handle::base {
public:
  fake_queue(caf::actor_config& config, std::shared_ptr<script> s)
      : queue_handle::base(config), script_(std::move(s)) {}

  /// Of the request under way; answered by whoever has it.
  std::optional<caf::typed_response_promise<push_outcome>> push;
  std::optional<caf::typed_response_promise<pulled>> pull;

  behavior_type make_behavior() override {
    return {
      [this](push_atom, message_id id, const message&, const request_headers&) {
        script_->pushed.push_back(id);
        push = make_response_promise<push_outcome>();
        script_->on_push(*this);
        return *push;
      },
      [this](pull_atom, waiter_id w, const wait_time&) {
        script_->pulling.push_back(w);
        pull = make_response_promise<pulled>();
        auto promise = *pull;
        script_->on_pull(*this);
        return promise;
      },
      [this](cancel_atom, waiter_id w) { script_->cancelled.push_back(w); },
      [](settle_atom, lease_id, verdict) {},
      [this](give_back_atom, lease_id lease) { script_->given_back.push_back(lease); },
      [](report_atom) { return queue_report{}; },
      [](order_atom, const queue_order&) { return order_outcome{removed{}}; },
      [](redrive_atom, std::uint64_t limit) { return limit; },
      [](configure_atom, const properties&) {},
      [this](close_atom) { quit(); },
      [](watch_atom, const caf::actor&) { return false; },
      [](unwatch_atom) {},
      [](take_atom, waiter_id) { return pulled{}; },
      [](yield_atom) {},
      [](keep_atom) {},
      [](serve_atom, const unit_list&) {},
      [](hold_atom) {},
      [](drop_atom) {},
      [](adopt_atom, const unit_list&) {},
      [](forget_atom, const settled_messages&) {},
      [](put_away_atom, const message_ids&) {},
      [](safe_atom, std::uint64_t) {},
      [](tick_atom, std::uint64_t) {},
    };
  }

  void on_exit() override {
    push.reset(); // a promise holds its actor
    pull.reset();
  }

private:
  std::shared_ptr<script> script_;
};

class fake_registry final : public registry_handle::base {
public:
  /// @param dead  the queues that it gives are at their end before anybody can use them
  fake_registry(caf::actor_config& config, std::shared_ptr<script> s, bool dead)
      : registry_handle::base(config), script_(std::move(s)), dead_(dead) {}

  behavior_type make_behavior() override {
    return {
      [this](resolve_atom, const std::string& name) { return give(name); },
      [this](find_atom, const std::string& name) { return give(name); },
      [](match_atom, const std::string&) { return std::vector<queue_ref>{}; },
      [](remove_atom, const std::string&) {},
      [](rules_atom) { return std::vector<rule>{}; },
      [](set_rules_atom, const std::vector<rule>&) {},
      [](props_atom, const std::string&) { return properties{}; },
      [](patch_atom, const std::string&, const property_set&) {},
      [](reset_atom, const std::string&) {},
      [](replace_atom, const std::string&, const property_set&) {},
      [](replace_atom, const std::vector<rule>&) {},
      [](revive_atom, const std::string&) {},
      [](report_atom, const std::string&) { return queue_report{}; },
      [](subscribe_atom, const caf::strong_actor_ptr&) {},
    };
  }

  void on_exit() override {
    for (const auto& queue : queues_)
      anon_send(queue, close_atom::value);
    queues_.clear();
  }

private:
  queue_ref give(const std::string& name) {
    ++script_->resolved;
    queues_.push_back(system().spawn<fake_queue>(script_));
    if (dead_)
      anon_send(queues_.back(), close_atom::value);
    return {std::make_shared<const std::string>(name), queues_.back(), nullptr};
  }

  std::shared_ptr<script> script_;
  bool dead_;
  std::vector<queue_handle> queues_;
};

} // namespace lmq::test
