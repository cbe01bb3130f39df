#include "actors/fan_out/fan_out_actor.hpp"

#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/log_crash.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace lmq {

namespace {

class fan_out_actor final : public fan_out_handle::base {
public:
  fan_out_actor(caf::actor_config& config, registry_handle registry)
      : fan_out_handle::base(config), registry_(std::move(registry)), ids_(random_incarnation()) {
    set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr& e) { return log_crash("fan_out", "fan_out", e); });
  }

  const char* name() const override { return "fan_out"; }

  behavior_type make_behavior() override {
    return {
      [this](push_atom, const std::string& expression, const message& m, const request_headers& headers) {
        return on_push(expression, m, headers);
      },
      [this](report_atom) { return on_report(); },
    };
  }

  void on_exit() override { registry_ = nullptr; }

private:
  /// What a request gathers: the items in the order of the queues, and how many are still to come.
  template <class Answer, class Item>
  struct gathering {
    gathering(caf::local_actor& self) : promise(self) {}

    void expect(std::size_t n) {
      items.resize(n);
      missing = n;
      answer_if_complete();
    }

    void got(std::size_t i, std::optional<Item> item) {
      items[i] = std::move(item);
      --missing;
      answer_if_complete();
    }

    void answer_if_complete() {
      if (missing > 0)
        return;
      Answer answer;
      answer.reserve(items.size());
      for (auto& item : items)
        if (item)
          answer.push_back(std::move(*item));
      promise.deliver(std::move(answer));
    }

    guarded_promise<Answer> promise;
    std::vector<std::optional<Item>> items;
    std::size_t missing = 0;
  };

  /// Asks every queue that matches, by `ask(queue_ref)`, which returns a pending request whose answer `item`
  /// turns into an item.
  template <class Answer, class Answered, class Ask, class MakeItem>
  caf::delegated<Answer> gather(const std::string& expression, Ask ask, MakeItem item) {
    using gathering_t = gathering<Answer, typename Answer::value_type>;
    auto all = std::make_shared<gathering_t>(*this);
    request(registry_, caf::infinite, match_atom::value, expression)
      .then(
        [all, ask, item](const std::vector<queue_ref>& queues) {
          all->expect(queues.size());
          for (std::size_t i = 0; i < queues.size(); ++i)
            ask(queues[i]).then(
              [all, i, item, q = queues[i]](Answered& answered) { all->got(i, item(q, answered)); },
              [all, i](caf::error&) { all->got(i, std::nullopt); });
        },
        [all](caf::error& e) { all->promise.refuse(std::move(e)); });
    return guarded_promise<Answer>::later();
  }

  caf::delegated<push_outcomes> on_push(const std::string& expression, const message& m,
                                        const request_headers& headers) {
    return gather<push_outcomes, push_outcome>(
      expression,
      [this, m, headers](const queue_ref& q) {
        return request(q.actor, caf::infinite, push_atom::value, ids_.next(), m, headers);
      },
      [](const queue_ref& q, push_outcome& outcome) {
        return std::pair{*q.name, outcome};
      });
  }

  caf::delegated<std::vector<queue_report>> on_report() {
    return gather<std::vector<queue_report>, queue_report>(
      "", [this](const queue_ref& q) { return request(q.actor, caf::infinite, report_atom::value); },
      [](const queue_ref&, queue_report& report) { return std::move(report); });
  }

  registry_handle registry_;
  id_source ids_;
};

} // namespace

fan_out_handle spawn_fan_out(caf::actor_system& system, const registry_handle& registry) {
  return system.spawn<fan_out_actor>(registry);
}

} // namespace lmq
