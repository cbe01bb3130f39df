// Queues with a journal as their home comes and goes: serve, hold, drop, and what other copies tell of.
#define CAF_SUITE queue_home

#include "journal_fixture.hpp"

#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct fixture : journal_fixture {
  fixture() { journal->safe_at_once = true; }

  held_unit unit(std::uint64_t counter, delivery_state s = {0, 2, false, {}, {}}) {
    return {{5, counter}, text("adopted " + std::to_string(counter)), s, {}};
  }
  void adopt(const std::string& name, std::vector<held_unit> units) {
    tell(name, adopt_atom::value,
         unit_list{std::make_shared<const std::vector<held_unit>>(std::move(units))});
  }
  void forget(const std::string& name, std::vector<message_id> which) {
    tell(name, forget_atom::value,
         settled_messages{std::make_shared<const facts::settled>(facts::settled{std::move(which)})});
  }

  template <class T>
  void check_sent_away(const answer<T>& a) {
    CAF_REQUIRE(a.came());
    CAF_REQUIRE(a.refused());
    CAF_CHECK(bounced(a.error()));
  }

  void check_that_it_does_not_serve() {
    check_sent_away(push("q", "x"));
    check_sent_away(pull("q"));
    check_sent_away(settle("q", {{5, 1}, 1, home_tag{3}}, verdict::ack));
    auto to = queue("q").actor;
    check_sent_away(ask<caf::unit_t>(to, give_back_atom::value, lease_id{}));
    check_sent_away(ask<caf::unit_t>(to, cancel_atom::value, last_waiter));
    check_sent_away(ask<pulled>(to, take_atom::value, next_waiter_id()));
    check_sent_away(ask<bool>(to, watch_atom::value, caf::actor_cast<caf::actor>(doors.pull_any)));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(queue_home_tests, fixture)

CAF_TEST(a queue does not serve before it is told to) {
  check_that_it_does_not_serve();
  auto r = report("q");
  CAF_CHECK_EQUAL(r.name, "q");
  CAF_CHECK_EQUAL(r.size, 0u);
  serve("q");
  CAF_CHECK(push("q", "a").value() == push_outcome::stored);
}

CAF_TEST(what is handed over is served in its order) {
  serve("q", {unit(1), unit(2, {1, 1, false, home_tag{3}, 5s}), unit(3)});
  CAF_CHECK_EQUAL(heard(), "");
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "adopted 1");
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "adopted 3");
  auto waiting = pull("q");
  pass(5s);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "adopted 2");
  CAF_CHECK_EQUAL(waiting.value().delivery->retries_left, 0u);
}

CAF_TEST(a queue that is held acts on no timer and forgets nobody) {
  serve("q");
  push("q", "a");
  pull("q", 0s);
  auto waiting = pull("q", 60s);
  auto short_one = pull("q", 10s);
  heard();
  hold("q");
  check_that_it_does_not_serve();
  pass(40s);
  CAF_CHECK_EQUAL(heard(), "");
  CAF_CHECK(!waiting.came());
  CAF_CHECK(!short_one.came());
  serve("q");
  CAF_CHECK_EQUAL(heard(), "3: ended 1#1@7 retries 1; leased 1#2@7 for 30000 ms");
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
  CAF_REQUIRE(short_one.came());
  CAF_CHECK(!short_one.value().delivery);
  pass(30s); // its timer runs again
  CAF_CHECK_EQUAL(heard(), "4: ended 1#2@7 retries 0");
}

CAF_TEST(hold is answered behind the facts) {
  journal->safe_at_once = false;
  serve("q");
  push("q", "a");
  auto pushed =
    ask_later<push_outcome>(queue("q").actor, push_atom::value, ids.next(), text("b"), request_headers{});
  auto held = ask_later<caf::unit_t>(queue("q").actor, hold_atom::value);
  consume_messages();
  CAF_CHECK(held.came());
  CAF_CHECK(!pushed.came());
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2 | 2: put 2 retries 2");
  safe("q", 2); // also while it is held
  CAF_CHECK(pushed.came());
}

CAF_TEST(a delivery whose put becomes safe while the queue is held goes out) {
  journal->safe_at_once = false;
  serve("q");
  auto waiting = pull("q");
  auto left = pull("q");
  auto left_id = last_waiter;
  push("q", "a");
  push("q", "b");
  caf::anon_send(queue("q").actor, cancel_atom::value, left_id);
  hold("q");
  heard();
  safe("q", 2);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
  CAF_CHECK_EQUAL(heard(), ""); // the one that nobody takes is given back by whoever serves
  serve("q");
  CAF_CHECK_EQUAL(heard(), "3: ended 2#1@7 retries 2 in place");
}

CAF_TEST(a queue that is dropped sends everybody away and has nothing) {
  journal->safe_at_once = false;
  serve("q", {unit(1)});
  pull("q", 0s);
  auto waiting = pull("q");
  auto unsafe_delivery = pull("q");
  auto pushed = push("q", "a");
  auto pushed_too = push("q", "b");
  tell("q", drop_atom::value);
  check_sent_away(waiting);
  check_sent_away(unsafe_delivery);
  check_sent_away(pushed);
  check_sent_away(pushed_too);
  check_that_it_does_not_serve();
  CAF_CHECK_EQUAL(report("q").size, 0u);
  heard();
  pass(60s);
  safe("q", 9);
  kill("q");
  CAF_CHECK_EQUAL(heard(), "");
  serve("q", {unit(2)});
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "adopted 2");
  CAF_CHECK_EQUAL(heard(), "4: leased [2]#1@7 for 30000 ms"); // the numbers go on
}

CAF_TEST(copies are merged and settlements heard whether or not the queue serves) {
  adopt("q", {unit(1), unit(2)});
  forget("q", {{5, 1}});
  CAF_CHECK_EQUAL(report("q").size, 1u);
  serve("q", {unit(3)});
  auto waiting = pull("q");
  CAF_CHECK_EQUAL(body(waiting), "adopted 2");
  CAF_CHECK_EQUAL(body(pull("q")), "adopted 3");
  auto late = pull("q");
  adopt("q", {unit(4)});
  CAF_REQUIRE(late.came());
  CAF_CHECK_EQUAL(body(late), "adopted 4");
  forget("q", {{5, 2}});
  CAF_CHECK(settle("q", waiting.value().delivery->lease, verdict::ack).why().why == reason::no_such_lease);
}

CAF_TEST(properties change while a queue does not serve and nothing else does) {
  serve("q");
  push("q", "a");
  pull("q", 0s);
  hold("q");
  heard();
  pass(40s);
  property_set quick;
  quick.timeout = 2s;
  patch("q", quick);
  CAF_CHECK_EQUAL(heard(), "");
  CAF_CHECK(report("q").in_force.timeout == 2s);
  serve("q");
  pull("q", 0s);
  CAF_CHECK_EQUAL(heard(), "3: ended 1#1@7 retries 1 | 4: leased 1#2@7 for 2000 ms");
}

CAF_TEST(a queue that breaks while it is held or dropped stays so) {
  serve("q");
  push("q", "a");
  auto waiting = pull("q", 0s);
  hold("q");
  kill("q");
  check_that_it_does_not_serve();
  pass(60s);
  CAF_CHECK_EQUAL(report("q").size, 1u);
  serve("q");
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
  tell("q", drop_atom::value);
  kill("q");
  check_that_it_does_not_serve();
  CAF_CHECK_EQUAL(report("q").size, 0u);
}

CAF_TEST(an offer that nobody could answer meanwhile is void where a queue is served again) {
  auto silent = [](caf::event_based_actor*, caf::unit_t) -> caf::behavior {
    return {[](offer_atom, const std::shared_ptr<const std::string>&, const std::optional<waiter_id>&) {}};
  };
  auto watcher = sys.spawn(silent, caf::unit);
  serve("q");
  CAF_CHECK(!ask<bool>(queue("q").actor, watch_atom::value, watcher).refused());
  auto waiting = pull("q");
  push("q", "a");
  CAF_CHECK(!waiting.came());
  hold("q");
  tell("q", keep_atom::value);
  serve("q");
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- the registry that others are given

namespace {

/// Another actor with the registry's face, which passes on what it hears.
class front final : public caf::monitorable_actor {
public:
  front(caf::actor_config& config, registry_handle behind)
      : monitorable_actor(config), behind_(std::move(behind)) {}

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* on) override {
    caf::actor_cast<caf::strong_actor_ptr>(behind_)->enqueue(std::move(what), on);
  }

  const char* name() const override { return "front"; }

private:
  registry_handle behind_;
};

struct fronted : broker_fixture {
  fronted() : fronted(std::make_shared<std::vector<registry_handle>>()) {}
  explicit fronted(std::shared_ptr<std::vector<registry_handle>> seen)
      : broker_fixture([&](caf::actor_system& system) {
          broker_options options{.hooks = hook_catalog::built_in()};
          options.front_of = [seen, &system](const registry_handle& behind) {
            seen->push_back(behind);
            caf::actor_config config;
            auto made = caf::make_actor<front, caf::actor>(system.next_actor_id(), system.node(), &system,
                                                           config, behind);
            return caf::actor_cast<registry_handle>(made);
          };
          return options;
        }),
        inner(std::move(seen)) {
    fronts.push_back(doors.registry);
  }

  std::shared_ptr<std::vector<registry_handle>> inner;
  std::vector<registry_handle> fronts;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(queue_front_tests, fronted)

CAF_TEST(everybody is given the registry that stands before) {
  CAF_REQUIRE_EQUAL(inner->size(), 1u);
  CAF_CHECK(doors.registry != inner->front());
  CAF_CHECK(push("q", "a").value() == push_outcome::stored);
  CAF_CHECK_EQUAL(body(pull_any("^q$", 0s)), "a");
  auto pushed =
    ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^q$"}, text("b"), request_headers{});
  CAF_CHECK_EQUAL(pushed.value().size(), 1u);
}

CAF_TEST(a registry that is started again gets one before it again) {
  push("q", "a");
  caf::anon_send_exit(inner->front(), caf::exit_reason::kill);
  consume_messages();
  doors = ask<broker>(doors.supervisor, doors_atom::value).value();
  fronts.push_back(doors.registry);
  CAF_REQUIRE_EQUAL(inner->size(), 2u);
  CAF_CHECK(doors.registry != inner->back());
  CAF_CHECK(fronts[0] != fronts[1]);
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
  auto waiting = pull_any("^q$");
  push("q", "b");
  CAF_CHECK_EQUAL(body(waiting), "b");
}

CAF_TEST_FIXTURE_SCOPE_END()
