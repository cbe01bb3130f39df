// A queue with a journal and an exception at every place where one could come from, one run for each: facts
// are told once and in order, nothing is lost, and everybody is answered.
#define CAF_SUITE queue_journal_faults

#include "journal_fixture.hpp"
#include "naive_replica.hpp"

#include "actors/queue/queue_actor.hpp"
#include "actors/queue/queue_invariants.hpp"
#include "core/fault_point.hpp"

#include <map>
#include <set>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct day_of_a_home : broker_fixture {
  day_of_a_home() {
    log->safe_at_once = true;
    queue_journal facts{test_journal::spawn(sys, log), home_tag{7}, {}};
    cell = std::make_shared<queue_cell>(name, properties{}, sched.clock().now(), 1, facts);
    cell->life.end();
    cell->purge_slice = 2;
  }

  ~day_of_a_home() {
    fault_plan::never();
    caf::anon_send(at_work, close_atom::value);
    at_work = nullptr;
    cell.reset();
    consume_messages();
  }

  /// As a registry does it.
  void see_to_it() {
    while (cell->life.ended()) {
      cell->life.begin();
      try {
        at_work = spawn_queue(sys, cell, cell->machine.in_force(), hooks);
      } catch (const injected_fault&) {
        cell->life.end();
      }
      consume_messages();
    }
  }

  template <class T, class... Ts>
  answer<T> insist(Ts... what) {
    for (int i = 0; i < 20; ++i) {
      see_to_it();
      auto a = ask<T>(at_work, what...);
      see_to_it();
      CAF_REQUIRE(a.came());
      if (!a.refused() || a.why().why == reason::no_such_lease)
        return a;
      CAF_CHECK(a.why().why == reason::unavailable);
    }
    CAF_FAIL("it was refused for ever");
  }

  void push(std::uint64_t n) {
    insist<push_outcome>(push_atom::value, message_id{1, n}, text(std::to_string(n)), request_headers{});
  }

  pulled pull() { return insist<pulled>(pull_atom::value, next_waiter_id(), wait_time{0s}).value(); }

  bool settle(const pulled& what, verdict v) {
    CAF_REQUIRE(what.delivery.has_value());
    return !insist<caf::unit_t>(settle_atom::value, what.delivery->lease, v).refused();
  }

  /// As far as it goes without time passing: one slice, unless the queue breaks over it.
  answer<order_outcome> begin_purge() {
    see_to_it();
    auto a = ask<order_outcome>(at_work, order_atom::value, queue_order{orders::purge{}});
    see_to_it();
    return a;
  }

  void purge() {
    for (int i = 0; i < 20; ++i) {
      auto a = begin_purge();
      for (int slices = 0; slices < 20 && !a.came(); ++slices) {
        pass(0s);
        see_to_it();
      }
      CAF_REQUIRE(a.came());
      if (!a.refused())
        return;
      CAF_CHECK(a.why().why == reason::unavailable);
    }
    CAF_FAIL("it was refused for ever");
  }

  /// What is told with a request is done, or there is an error.
  template <class... Ts>
  void tell(const Ts&... what) {
    insist<caf::unit_t>(what...);
  }

  /// Until it has come: a registry begins the next actor with it.
  void configure(const properties& in_force) {
    while (cell->machine.in_force() != in_force) {
      caf::anon_send(at_work, configure_atom::value, in_force);
      consume_messages();
      see_to_it();
    }
  }

  static unit_list units(std::initializer_list<std::uint64_t> ids) {
    std::vector<held_unit> all;
    for (auto n : ids)
      all.push_back({{5, n}, text(std::to_string(n)), {0, 2, false, {}, {}}, {}});
    return std::make_shared<const std::vector<held_unit>>(std::move(all));
  }

  void run() {
    see_to_it();
    tell(serve_atom::value, units({1, 2}));
    push(1);
    push(2);
    CAF_CHECK(settle(pull(), verdict::ack));
    auto b = pull();
    CAF_CHECK(settle(b, verdict::extend));
    CAF_CHECK(settle(b, verdict::nack));
    CAF_CHECK(!settle(b, verdict::ack));
    push(1); // sent again
    tell(adopt_atom::value, units({3, 4, 5}));
    tell(forget_atom::value,
         settled_messages{std::make_shared<const facts::settled>(facts::settled{{message_id{5, 4}}})});

    auto waiting = ask_later<pulled>(at_work, pull_atom::value, next_waiter_id(), wait_time{});
    consume_messages();
    see_to_it();
    CAF_CHECK(waiting.came());

    properties windows;
    windows.accum = 5s;
    caf::anon_send(at_work, configure_atom::value, windows);
    consume_messages();
    see_to_it();
    push(11);
    push(12);
    pass(5s);
    see_to_it();
    pull();

    configure({});
    for (std::uint64_t n = 21; n <= 25; ++n)
      push(n);
    purge();
    CAF_CHECK_EQUAL(cell->machine.sizes().ready, 0u);

    tell(hold_atom::value);
    pass(40s);
    CAF_CHECK(!cell->life.ended());
    tell(serve_atom::value, units({}));

    // Somebody waits as the queue goes away, and a purge is under way.
    properties paused;
    paused.paused = true;
    configure(paused);
    for (std::uint64_t n = 31; n <= 33; ++n)
      push(n);
    auto late = ask_later<pulled>(at_work, pull_atom::value, next_waiter_id(), wait_time{});
    consume_messages();
    auto purging = begin_purge();
    held_at_drop = queue_contents::of(cell->machine);
    tell(drop_atom::value);
    CAF_REQUIRE(late.came());
    CAF_CHECK(late.refused());
    CAF_REQUIRE(purging.came());
    CAF_CHECK(purging.refused());
  }

  /// What the facts say that there was when it was dropped.
  void check_facts() {
    naive_replica copy;
    for (std::uint64_t n = 1; n <= 5; ++n)
      copy.apply(facts::put{{5, n}, {}, 2, std::nullopt}, time_point{});
    copy.apply(facts::settled{{{5, 4}}, {}}, time_point{});
    std::map<std::uint64_t, std::string> told;
    for (const auto& e : log->heard) {
      auto line = joined(texts(*e.facts));
      auto [it, fresh] = told.emplace(e.number, line);
      CAF_CHECK_EQUAL(it->second, line);
      CAF_CHECK(!fresh || e.number == told.size());
      if (fresh)
        for (const auto& f : *e.facts)
          copy.apply(f, time_point{});
    }
    std::set<message_id> in_copy;
    for (auto id : copy.messages())
      in_copy.insert(id);
    std::set<message_id> in_machine;
    for (const auto* some : {&held_at_drop.ready, &held_at_drop.leased, &held_at_drop.accumulating})
      for (const auto& u : *some)
        in_machine.insert(u.parts.begin(), u.parts.end());
    CAF_CHECK(in_copy == in_machine);
    CAF_CHECK(cell->waiting.empty());
    CAF_CHECK(cell->purges.empty());
    CAF_CHECK(cell->port->unsafe.waiting().empty());
    CAF_CHECK(cell->port->unsafe.unsafe_batches().empty());
    CAF_CHECK_EQUAL(cell->machine.sizes().messages(), 0u);
    CAF_CHECK(!broken_invariant(cell->machine));
  }

  std::shared_ptr<test_journal> log = std::make_shared<test_journal>();
  std::shared_ptr<const std::string> name = std::make_shared<const std::string>("q");
  std::shared_ptr<const hook_catalog> hooks = std::make_shared<const hook_catalog>(hook_catalog::built_in());
  queue_cell_ptr cell;
  queue_handle at_work;
  queue_contents held_at_drop;
};

} // namespace

CAF_TEST(whatever throws first facts are told once and everybody is answered) {
  std::uint64_t points = 0;
  for (std::uint64_t n = 1;; ++n) {
    day_of_a_home day;
    CAF_MESSAGE("point " << n);
    fault_plan::once_at(n);
    day.run();
    bool reached = fault_plan::thrown() > 0;
    fault_plan::never();
    day.check_facts();
    if (!reached)
      break;
    ++points;
  }
  CAF_MESSAGE(points << " points");
  CAF_CHECK(points > 200);
}
