#include "actors/fan_out/fan_out_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/errors.hpp"
#include "actors/fan_out/page_list.hpp"
#include "actors/guarded_promise.hpp"
#include "actors/log_crash.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <utility>

namespace lmq {

namespace {

std::vector<queue_report>& items_of(queue_page& page) {
  return page.queues;
}

template <class T>
std::vector<T>& items_of(std::vector<T>& all) {
  return all;
}

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
      [this](report_atom, const std::string& name) { return on_report_of(name); },
      [this](report_atom, const queue_page_wanted& page) { return on_page(page); },
      [this](const registry_handle& of_now) {
        registry_ = of_now;
        listed_.forget();
      },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  void on_exit() override {
    life_->end();
    registry_ = nullptr;
    listed_.forget();
  }

private:
  /// Times that a queue is asked which has crashed over somebody else's request.
  static constexpr unsigned asks_max = 3;

  /// Queues that one request asks at a time. CAF keeps an actor's open requests in one list, and looks
  /// through it at each answer: with 100,000 of them that takes seconds.
  static constexpr std::size_t open_max = 1024;

  /// What a request gathers from its queues: how many are still to come, and what it is answered then.
  template <class Answer>
  struct gathering {
    using answer_type = Answer;

    explicit gathering(caf::local_actor& self) : promise(self) {}

    /// The queue is deleted.
    void got_none() {
      --missing_;
      answer_if_complete();
    }

    void got_failure(const caf::error& e) {
      failure_ = e;
      got_none();
    }

    guarded_promise<Answer> promise;
    Answer answer;

  protected:
    ~gathering() = default;

    void await(std::size_t n) {
      missing_ = n;
      answer_if_complete();
    }

    void got_one() {
      has_any_ = true;
      got_none();
    }

  private:
    /// All are here that will come.
    virtual void complete() = 0;

    // "None matches" and "all that match have failed" must not look the same.
    void answer_if_complete() {
      if (missing_ > 0)
        return;
      if (failure_ && !has_any_)
        return promise.refuse(std::move(failure_));
      complete();
      promise.deliver(std::move(answer));
    }

    std::size_t missing_ = 0;
    bool has_any_ = false;
    caf::error failure_; ///< of one of those that failed
  };

  /// All items, in the order of the queues.
  template <class Answer>
  struct in_order final : gathering<Answer> {
    using item = typename std::decay_t<decltype(items_of(std::declval<Answer&>()))>::value_type;
    using gathering<Answer>::gathering;

    void expect(std::size_t n) {
      items.resize(n);
      this->await(n);
    }

    void got(std::size_t i, item what) {
      items[i] = std::move(what);
      this->got_one();
    }

    void complete() override {
      auto& all = items_of(this->answer);
      all.reserve(items.size());
      for (auto& what : items)
        if (what)
          all.push_back(std::move(*what));
    }

    std::vector<std::optional<item>> items;
  };

  /// A page of the queues with most messages, of all of them; no more is held than the page needs. The
  /// answer's queues are a heap until it is complete.
  struct largest final : gathering<queue_page> {
    using item = queue_report;
    using gathering<queue_page>::gathering;

    void expect(std::size_t n) {
      answer.total = n;
      await(n);
    }

    void got(std::size_t, item what) {
      auto& kept = answer.queues;
      kept.push_back(std::move(what));
      std::push_heap(kept.begin(), kept.end(), comes_before);
      if (kept.size() > answer.wanted.offset + answer.wanted.limit) {
        std::pop_heap(kept.begin(), kept.end(), comes_before);
        kept.pop_back();
      }
      got_one();
    }

    void complete() override {
      auto& kept = answer.queues;
      std::sort_heap(kept.begin(), kept.end(), comes_before);
      auto before = std::min<std::uint64_t>(answer.wanted.offset, kept.size());
      kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(before));
    }

    static bool comes_before(const queue_report& x, const queue_report& y) noexcept {
      return x.size != y.size ? x.size > y.size : x.name < y.name;
    }
  };

  /// Asks every queue that matches by `ask(queue, then, otherwise)`, which sees to it that one of them is
  /// called: `then` with the queue's item, `otherwise` with the error.
  template <class Gathering, class Ask>
  auto gather(std::shared_ptr<Gathering> all, const std::string& expression, Ask ask) {
    LMQ_FAULT_POINT("fan_out.gather");
    request(registry_, caf::infinite, match_atom::value, expression)
      .then(
        [this, all, ask](const std::vector<queue_ref>& queues) {
          LMQ_FAULT_POINT("fan_out.matched");
          ask_all(all, ask, queues);
        },
        [all](caf::error& e) { all->promise.refuse(std::move(e)); });
    return guarded_promise<typename Gathering::answer_type>::later();
  }

  /// As it may be told of a request that others may have done: not to be sent again by itself.
  static caf::error unknown(const caf::error& e) {
    return bounced(e) ? caf::make_error(caf::sec::runtime_error) : e;
  }

  /// The queues of a gathering that are asked in their order, and how far that has come.
  template <class Gathering, class Ask>
  struct inquiry {
    using item = typename Gathering::item;

    std::shared_ptr<Gathering> all;
    Ask ask;
    std::vector<queue_ref> queues;
    std::size_t next = 0;
    std::size_t open = 0;
    bool asking = false; ///< an answer that comes at once asks no more by itself
  };

  template <class Gathering, class Ask>
  void ask_all(std::shared_ptr<Gathering> all, Ask ask, std::vector<queue_ref> queues) {
    all->expect(queues.size());
    go_on(std::make_shared<inquiry<Gathering, Ask>>(
      inquiry<Gathering, Ask>{std::move(all), std::move(ask), std::move(queues)}));
  }

  template <class Inquiry>
  void go_on(const std::shared_ptr<Inquiry>& q) {
    if (std::exchange(q->asking, true))
      return;
    while (q->next < q->queues.size() && q->open < open_max) {
      auto i = q->next++;
      ++q->open;
      ask_one(q, i, q->queues[i], 1);
    }
    q->asking = false;
  }

  template <class Inquiry>
  void ask_one(const std::shared_ptr<Inquiry>& q, std::size_t i, const queue_ref& queue, unsigned times) {
    auto ended = [this, q] {
      --q->open;
      go_on(q);
    };
    auto then = [q, i, ended](typename Inquiry::item what) {
      q->all->got(i, std::move(what));
      ended();
    };
    auto failed = [q, ended](const caf::error& e) {
      q->all->got_failure(e);
      ended();
    };
    auto otherwise = [this, q, i, ended, failed, name = queue.name, times](const caf::error& e) {
      if (bounced(e) && times < asks_max)
        request(registry_, caf::infinite, find_atom::value, *name)
          .then([=, this](const queue_ref& of_now) { ask_one(q, i, of_now, times + 1); },
                [q, ended, failed](caf::error& why) {
                  if (to_refusal(why).why != reason::no_such_queue)
                    return failed(unknown(why));
                  q->all->got_none();
                  ended();
                });
      else
        failed(unknown(e));
    };
    q->ask(queue, then, otherwise);
  }

  caf::delegated<push_outcomes> on_push(const std::string& expression, const message& m,
                                        const request_headers& headers) {
    auto all = std::make_shared<in_order<push_outcomes>>(*this);
    return gather(all, expression, [this, m, headers](const queue_ref& q, auto then, auto otherwise) {
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

  /// Asks a queue for its report, see `gather`.
  auto report() {
    return [this](const queue_ref& q, auto then, auto otherwise) {
      auto got = [then](queue_report& report) { then(std::move(report)); };
      auto failed = [otherwise](caf::error& e) { otherwise(e); };
      if (q.actor)
        request(q.actor, caf::infinite, report_atom::value).then(got, failed);
      else
        request(registry_, caf::infinite, report_atom::value, *q.name).then(got, failed);
    };
  }

  caf::delegated<std::vector<queue_report>> on_report() {
    return gather(std::make_shared<in_order<std::vector<queue_report>>>(*this), "", report());
  }

  caf::delegated<queue_page> on_page(const queue_page_wanted& wanted) {
    switch (wanted.order) {
    case queue_page_order::name: return on_page_by_name(wanted);
    case queue_page_order::size: break;
    }
    auto all = std::make_shared<largest>(*this);
    all->answer.wanted = wanted;
    return gather(all, wanted.pattern, report());
  }

  /// Asks only those that are on the page.
  caf::delegated<queue_page> on_page_by_name(const queue_page_wanted& wanted) {
    auto all = std::make_shared<in_order<queue_page>>(*this);
    all->answer.wanted = wanted;
    if (const auto* listed = listed_.find(wanted, now()))
      take_page(std::move(all), *listed);
    else
      request(registry_, caf::infinite, match_atom::value, wanted.pattern)
        .then(
          [this, all](std::vector<queue_ref>& queues) {
            take_page(all, listed_.keep(all->answer.wanted, std::move(queues), now()));
            tick_.arm(*this, listed_.ends());
          },
          [all](caf::error& e) { all->promise.refuse(std::move(e)); });
    return guarded_promise<queue_page>::later();
  }

  void take_page(std::shared_ptr<in_order<queue_page>> all, const std::vector<queue_ref>& listed) {
    auto& page = all->answer;
    page.total = listed.size();
    auto first = std::min<std::uint64_t>(page.wanted.offset, listed.size());
    auto n = std::min<std::uint64_t>(page.wanted.limit, listed.size() - first);
    std::vector<queue_ref> queues{listed.data() + first, listed.data() + first + n};
    listed_.taken(page.wanted);
    ask_all(std::move(all), report(), std::move(queues));
  }

  void on_tick(std::uint64_t number) {
    if (!tick_.accept(number))
      return;
    listed_.tick(now());
    tick_.arm(*this, listed_.ends());
  }

  time_point now() { return system().clock().now(); }

  caf::delegated<queue_report> on_report_of(const std::string& name) {
    report_of(std::make_shared<guarded_promise<queue_report>>(*this), name, 1);
    return guarded_promise<queue_report>::later();
  }

  void report_of(std::shared_ptr<guarded_promise<queue_report>> promise, const std::string& name,
                 unsigned times) {
    auto got = [promise](queue_report& report) { promise->deliver(std::move(report)); };
    auto again = [this, promise, name, times](caf::error& e) {
      if (bounced(e) && times < asks_max)
        report_of(promise, name, times + 1);
      else
        report_if_down(promise, name, unknown(e));
    };
    request(registry_, caf::infinite, find_atom::value, name)
      .then([this, got, again](
              const queue_ref& q) { request(q.actor, caf::infinite, report_atom::value).then(got, again); },
            [this, promise, name](caf::error& e) { report_if_down(promise, name, unknown(e)); });
  }

  void report_if_down(std::shared_ptr<guarded_promise<queue_report>> promise, const std::string& name,
                      const caf::error& why) {
    if (to_refusal(why).why != reason::unavailable)
      return promise->refuse(why);
    request(registry_, caf::infinite, report_atom::value, name)
      .then([promise](queue_report& report) { promise->deliver(std::move(report)); },
            [promise, why](caf::error&) { promise->refuse(why); });
  }

  registry_handle registry_;
  id_source ids_;
  std::shared_ptr<life_sign> life_;
  page_list listed_;
  deadline_tick tick_; ///< when `listed_` ends
};

} // namespace

fan_out_handle spawn_fan_out(caf::actor_system& system, registry_handle registry,
                             std::shared_ptr<life_sign> life) {
  return system.spawn<fan_out_actor>(std::move(registry), std::move(life));
}

} // namespace lmq
