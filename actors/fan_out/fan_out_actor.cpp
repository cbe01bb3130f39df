#include "actors/fan_out/fan_out_actor.hpp"

#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/log_crash.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>

namespace lmq {

namespace {

class fan_out_actor final : public fan_out_handle::base {
public:
  fan_out_actor(caf::actor_config& config, registry_handle registry, std::shared_ptr<life_sign> life)
      : fan_out_handle::base(config),
        registry_(std::move(registry)),
        ids_(random_incarnation()),
        life_(std::move(life)) {
    set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& e) {
      return log_crash("fan_out", "fan_out", *life_, e);
    });
  }

  const char* name() const override { return "fan_out"; }

  behavior_type make_behavior() override {
    return {
      [this](push_atom, const std::string& expression, const message& m, const request_headers& headers) {
        return on_push(expression, m, headers);
      },
      [this](report_atom) { return on_report(); },
      [this](const registry_handle& of_now) { registry_ = of_now; },
    };
  }

  void on_exit() override {
    life_->end();
    registry_ = nullptr;
  }

private:
  /// Times that a queue is asked which has crashed over somebody else's request.
  static constexpr unsigned asks_max = 3;

  /// What a request gathers: the items in the order of the queues, and how many are still to come.
  template <class Answer>
  struct gathering {
    using item = typename Answer::value_type;

    gathering(caf::local_actor& self) : promise(self) {}

    void expect(std::size_t n) {
      items.resize(n);
      missing = n;
      answer_if_complete();
    }

    void got(std::size_t i, item what) {
      items[i] = std::move(what);
      --missing;
      answer_if_complete();
    }

    /// The queue is deleted.
    void got_none() {
      --missing;
      answer_if_complete();
    }

    void got_failure(const caf::error& e) {
      failure = e;
      got_none();
    }

    // "None matches" and "all that match have failed" must not look the same.
    void answer_if_complete() {
      if (missing > 0)
        return;
      if (failure &&
          std::none_of(items.begin(), items.end(), [](const auto& what) { return what.has_value(); }))
        return promise.refuse(std::move(failure));
      Answer answer;
      answer.reserve(items.size());
      for (auto& what : items)
        if (what)
          answer.push_back(std::move(*what));
      promise.deliver(std::move(answer));
    }

    guarded_promise<Answer> promise;
    std::vector<std::optional<item>> items;
    std::size_t missing = 0;
    caf::error failure; ///< of one of those that failed
  };

  /// Asks every queue that matches by `ask(queue, then, otherwise)`, which sees to it that one of them is
  /// called: `then` with the queue's item, `otherwise` with the error.
  template <class Answer, class Ask>
  caf::delegated<Answer> gather(const std::string& expression, Ask ask) {
    auto all = std::make_shared<gathering<Answer>>(*this);
    LMQ_FAULT_POINT("fan_out.gather");
    request(registry_, caf::infinite, match_atom::value, expression)
      .then(
        [this, all, ask](const std::vector<queue_ref>& queues) {
          LMQ_FAULT_POINT("fan_out.matched");
          all->expect(queues.size());
          for (std::size_t i = 0; i < queues.size(); ++i)
            ask_one(all, i, ask, queues[i], 1);
        },
        [all](caf::error& e) { all->promise.refuse(std::move(e)); });
    return guarded_promise<Answer>::later();
  }

  /// As it may be told of a request that others may have done: not to be sent again by itself.
  static caf::error unknown(const caf::error& e) {
    return bounced(e) ? caf::make_error(caf::sec::runtime_error) : e;
  }

  template <class Gathering, class Ask>
  void ask_one(std::shared_ptr<Gathering> all, std::size_t i, Ask ask, const queue_ref& queue,
               unsigned times) {
    auto then = [all, i](typename Gathering::item what) { all->got(i, std::move(what)); };
    auto otherwise = [this, all, i, ask, name = queue.name, times](const caf::error& e) {
      if (bounced(e) && times < asks_max)
        request(registry_, caf::infinite, find_atom::value, *name)
          .then([=, this](const queue_ref& of_now) { ask_one(all, i, ask, of_now, times + 1); },
                [all](caf::error& why) {
                  if (to_refusal(why).why == reason::no_such_queue)
                    all->got_none();
                  else
                    all->got_failure(unknown(why));
                });
      else
        all->got_failure(unknown(e));
    };
    ask(queue, then, otherwise);
  }

  caf::delegated<push_outcomes> on_push(const std::string& expression, const message& m,
                                        const request_headers& headers) {
    return gather<push_outcomes>(
      expression, [this, m, headers](const queue_ref& q, auto then, auto otherwise) {
        if (!q.actor) // it is down
          return otherwise(
            to_error({reason::unavailable, "queue \"" + *q.name + "\" is down; GET /health tells why"}));
        request(q.actor, caf::infinite, push_atom::value, ids_.next(), m, headers)
          .then(
            [then, name = q.name](push_outcome& outcome) {
              then({*name, outcome});
            },
            [otherwise](caf::error& e) { otherwise(e); });
      });
  }

  caf::delegated<std::vector<queue_report>> on_report() {
    return gather<std::vector<queue_report>>("", [this](const queue_ref& q, auto then, auto otherwise) {
      auto got = [then](queue_report& report) { then(std::move(report)); };
      auto failed = [otherwise](caf::error& e) { otherwise(e); };
      if (q.actor)
        request(q.actor, caf::infinite, report_atom::value).then(got, failed);
      else
        request(registry_, caf::infinite, report_atom::value, *q.name).then(got, failed);
    });
  }

  registry_handle registry_;
  id_source ids_;
  std::shared_ptr<life_sign> life_;
};

} // namespace

fan_out_handle spawn_fan_out(caf::actor_system& system, registry_handle registry,
                             std::shared_ptr<life_sign> life) {
  return system.spawn<fan_out_actor>(std::move(registry), std::move(life));
}

} // namespace lmq
