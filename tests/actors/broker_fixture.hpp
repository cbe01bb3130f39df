// A whole broker on CAF's deterministic scheduler: nothing runs until it is told to, time stands until it is
// moved.
#pragma once

#define FAIL CAF_FAIL // the installed dsl.hpp uses FAIL() without defining it
#include <caf/test/dsl.hpp>

#include "actors/errors.hpp"
#include "actors/start.hpp"

#include <caf/event_based_actor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace lmq {

/// What a request was answered with, once it was.
template <class T>
class answer {
public:
  bool came() const { return state_->index() != 0; }
  bool refused() const { return state_->index() == 2; }
  T& value() const { return std::get<1>(*state_); }
  refusal why() const { return to_refusal(error()); }
  const caf::error& error() const { return std::get<2>(*state_); }

  /// For whoever must outlive the references that are handed out.
  std::shared_ptr<void> state() const { return state_; }

  void set(T x) const { state_->template emplace<1>(std::move(x)); }
  void fail(caf::error e) const { state_->template emplace<2>(std::move(e)); }

private:
  std::shared_ptr<std::variant<std::monostate, T, caf::error>> state_ =
    std::make_shared<std::variant<std::monostate, T, caf::error>>();
};

struct broker_fixture : test_coordinator_fixture<> {
  explicit broker_fixture(hook_catalog hooks = hook_catalog::built_in())
      : doors(start_broker(sys, std::move(hooks))) {
    consume_messages();
  }

  /// A broker that is part of something, whose actors `options` starts.
  explicit broker_fixture(const std::function<broker_options(caf::actor_system&)>& options)
      : doors(start_broker(sys, options(sys))) {
    consume_messages();
  }

  ~broker_fixture() {
    stop_broker(doors);
    consume_messages();
  }

  /// Sends a request and, unless told otherwise, runs until nothing moves. The asker is an actor of its own.
  template <class T, class Handle, class... Ts>
  answer<T> ask_later(const Handle& to, Ts... message) {
    answer<T> a;
    answers_.push_back(a.state());
    // With an argument, for CAF 0.17.6 reads through a null pointer when a function is spawned without any.
    auto asker_of = [=](caf::event_based_actor* asker, caf::unit_t) {
      if constexpr (std::is_same_v<T, caf::unit_t>)
        asker->request(to, caf::infinite, message...)
          .then([a] { a.set(caf::unit); }, [a](caf::error& e) { a.fail(std::move(e)); });
      else
        asker->request(to, caf::infinite, message...)
          .then([a](T& x) { a.set(std::move(x)); }, [a](caf::error& e) { a.fail(std::move(e)); });
    };
    sys.spawn(asker_of, caf::unit);
    return a;
  }

  template <class T, class Handle, class... Ts>
  answer<T> ask(const Handle& to, Ts... message) {
    auto a = ask_later<T>(to, std::move(message)...);
    consume_messages();
    return a;
  }

  queue_ref queue(const std::string& name) {
    return ask<queue_ref>(doors.registry, resolve_atom::value, name).value();
  }

  static message text(const std::string& body) { return {payload::copy_of("text/plain", body), nullptr}; }

  answer<push_outcome> push(const std::string& name, const std::string& body,
                            request_headers headers = nullptr) {
    return ask<push_outcome>(queue(name).actor, push_atom::value, ids.next(), text(body), headers);
  }

  answer<pulled> pull(const std::string& name, wait_time wait = std::nullopt) {
    last_waiter = next_waiter_id();
    return ask<pulled>(queue(name).actor, pull_atom::value, last_waiter, wait);
  }

  answer<pulled> pull_any(const std::string& expression, wait_time wait = std::nullopt) {
    last_waiter = next_waiter_id();
    return ask<pulled>(doors.pull_any, pull_atom::value, expression, last_waiter, wait);
  }

  answer<caf::unit_t> settle(const std::string& name, lease_id lease, verdict v) {
    return ask<caf::unit_t>(queue(name).actor, settle_atom::value, lease, v);
  }

  answer<caf::unit_t> patch(const std::string& name, property_set change) {
    return ask<caf::unit_t>(doors.registry, patch_atom::value, name, std::move(change));
  }

  /// Time passes, and what fell due happens.
  void pass(duration d) {
    advance_time(d);
    consume_messages();
  }

  static std::string body(const answer<pulled>& a) {
    return std::string{std::get<message>(a.value().delivery->content).content.body()};
  }

  /// CAF_CHECK_EQUAL looks at its operands after the statement that made them, so answers live as long as the
  /// test.
  std::vector<std::shared_ptr<void>> answers_;

  broker doors;
  id_source ids{1};
  waiter_id last_waiter{};
};

} // namespace lmq
