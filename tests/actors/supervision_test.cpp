// Actors that are killed while the broker is at work: what comes after goes on where they were.
#define CAF_SUITE supervision

#include "broker_fixture.hpp"

#include "actors/registry/registry_machine.hpp"
#include "actors/supervision/restart_limit.hpp"

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct fixture : broker_fixture {
  template <class Handle>
  void kill(const Handle& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    consume_messages();
  }
  void kill_queue(const std::string& name) { kill(queue(name).actor); }

  /// What a gateway does whose request bounced.
  void ask_for_doors() { doors = ask<broker>(doors.supervisor, doors_atom::value).value(); }

  health_report health() { return ask<health_report>(doors.supervisor, health_atom::value).value(); }

  /// One crash more than are forgiven.
  void crash_too_often(const std::string& name) {
    for (std::size_t i = 0; i <= restart_limit::restarts_max; ++i)
      kill_queue(name);
  }

  answer<queue_ref> resolve(const std::string& name) {
    return ask<queue_ref>(doors.registry, resolve_atom::value, name);
  }
  answer<caf::unit_t> remove(const std::string& name) {
    return ask<caf::unit_t>(doors.registry, remove_atom::value, name);
  }
  answer<caf::unit_t> revive(const std::string& name) {
    return ask<caf::unit_t>(doors.registry, revive_atom::value, name);
  }
  std::vector<queue_report> reports() {
    return ask<std::vector<queue_report>>(doors.fan_out, report_atom::value).value();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervision_tests, fixture)

// -- a queue

CAF_TEST(a queue that is killed keeps its messages and their leases) {
  push("q", "a");
  push("q", "b");
  auto a = pull("q", 0s);
  kill_queue("q");
  auto b = pull("q", 0s);
  CAF_REQUIRE(b.came());
  CAF_CHECK_EQUAL(body(b), "b");
  CAF_CHECK(!settle("q", a.value().delivery->lease, verdict::ack).refused());
  CAF_CHECK(!settle("q", b.value().delivery->lease, verdict::nack).refused());
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "b");
}

CAF_TEST(a lease that ran out while nobody looked comes back from a killed queue as well) {
  push("q", "a");
  pull("q", 0s);
  kill_queue("q");
  pass(30s);
  auto again = pull("q", 0s);
  CAF_CHECK_EQUAL(body(again), "a");
  CAF_CHECK_EQUAL(again.value().delivery->retries_left, 1u);
}

CAF_TEST(an open window goes on where it was) {
  property_set accumulate;
  accumulate.accum = 10s;
  patch("q", accumulate);
  CAF_CHECK(push("q", "one").value() == push_outcome::opened);
  pass(4s);
  kill_queue("q");
  CAF_CHECK(push("q", "two").value() == push_outcome::joined);
  pass(5999ms);
  CAF_CHECK(!pull("q", 0s).value().delivery);
  pass(1ms);
  auto whole = pull("q", 0s);
  CAF_REQUIRE(whole.value().delivery);
  CAF_CHECK_EQUAL(std::get<1>(whole.value().delivery->content)->size(), 2u);
}

CAF_TEST(who waits at a killed queue gets the next message and never hears of it) {
  auto waiting = pull("q");
  auto in_time = pull("q", 5s);
  kill_queue("q");
  CAF_CHECK(!waiting.came());
  push("q", "late");
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "late");
  pass(5s);
  CAF_REQUIRE(in_time.came());
  CAF_CHECK(!in_time.value().delivery);
}

CAF_TEST(requests that were on their way to a killed queue come back as not looked at) {
  auto q = queue("q");
  caf::anon_send_exit(q.actor, caf::exit_reason::kill);
  auto pushed = ask<push_outcome>(q.actor, push_atom::value, ids.next(), text("a"), request_headers{});
  CAF_REQUIRE(pushed.refused());
  CAF_CHECK(bounced(pushed.error()));
  CAF_CHECK(queue("q").actor != q.actor);
  CAF_CHECK(push("q", "a").value() == push_outcome::stored);
}

CAF_TEST(properties that were on their way to a killed queue are in force afterwards) {
  push("q", "a");
  property_set quick;
  quick.timeout = 1s;
  caf::anon_send_exit(queue("q").actor, caf::exit_reason::kill);
  patch("q", quick);
  pull("q", 0s);
  pass(1s);
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
}

CAF_TEST(a queue that is deleted as it is killed answers its waiters with nothing) {
  auto waiting = pull("q");
  auto q = queue("q");
  caf::anon_send_exit(q.actor, caf::exit_reason::kill);
  remove("q");
  CAF_REQUIRE(waiting.came());
  CAF_CHECK(!waiting.refused());
  CAF_CHECK(!waiting.value().delivery);
  CAF_CHECK_EQUAL(reports().size(), 0u);
}

CAF_TEST(restarts are counted in the report and in the health) {
  push("q", "a");
  push("r", "a");
  kill_queue("q");
  kill_queue("q");
  auto all = reports();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].restarts, 2u);
  CAF_CHECK_EQUAL(all[0].size, 1u);
  CAF_CHECK_EQUAL(all[0].push.count, 1u);
  CAF_CHECK_EQUAL(all[1].restarts, 0u);
  auto h = health();
  CAF_CHECK_EQUAL(h.restarts["queue"], 2u);
  CAF_CHECK(h.ready);
  CAF_CHECK(h.reasons.empty());
}

// -- a queue that crashes too often

CAF_TEST(a queue that crashes too often is left alone and says so) {
  push("q", "a");
  push("fine", "b");
  auto waiting = pull("other");
  auto waits_there = pull("q", 0s);
  auto waits_too = pull("q");
  crash_too_often("q");
  CAF_REQUIRE(waits_too.came());
  CAF_CHECK(waits_too.why().why == reason::unavailable);
  auto gone = resolve("q");
  CAF_REQUIRE(gone.refused());
  CAF_CHECK(gone.why().why == reason::unavailable);
  CAF_CHECK(gone.why().detail.find("revive") != std::string::npos);
  auto h = health();
  CAF_CHECK(h.ready);
  CAF_REQUIRE_EQUAL(h.reasons.size(), 1u);
  CAF_CHECK(h.reasons[0].find("\"q\" is down") != std::string::npos);
  auto all = reports();
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  CAF_CHECK(all[2].down);
  CAF_CHECK_EQUAL(all[2].size, 1u);
  CAF_CHECK(!all[0].down);
  // The others go on.
  CAF_CHECK_EQUAL(body(pull("fine", 0s)), "b");
  push("other", "c");
  CAF_CHECK_EQUAL(body(waiting), "c");
}

CAF_TEST(a queue that is revived has all that it had) {
  push("q", "a");
  auto a = pull("q", 0s);
  push("q", "b");
  crash_too_often("q");
  CAF_CHECK(!revive("q").refused());
  CAF_CHECK(health().reasons.empty());
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "b");
  CAF_CHECK(!settle("q", a.value().delivery->lease, verdict::ack).refused());
  // And may crash as often as any.
  kill_queue("q");
  CAF_CHECK(push("q", "c").value() == push_outcome::stored);
  CAF_CHECK(!revive("q").refused());
  CAF_CHECK(revive("unknown").why().why == reason::no_such_queue);
}

CAF_TEST(properties that change while a queue is down are in force when it is revived) {
  push("q", "a");
  crash_too_often("q");
  property_set quick;
  quick.timeout = 1s;
  CAF_CHECK(!patch("q", quick).refused());
  revive("q");
  pull("q", 0s);
  pass(1s);
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
}

CAF_TEST(a queue that is down can be deleted and begins anew) {
  push("q", "a");
  crash_too_often("q");
  CAF_CHECK(!remove("q").refused());
  CAF_CHECK(health().reasons.empty());
  CAF_CHECK(!pull("q", 0s).value().delivery);
}

CAF_TEST(crashes that lie far enough apart are never too many) {
  push("q", "a");
  for (int i = 0; i < 30; ++i, pass(restart_limit::window / restart_limit::restarts_max))
    kill_queue("q");
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
}

CAF_TEST(a pull over many queues passes a queue by that is down and takes from it when it is revived) {
  push("q1", "a");
  crash_too_often("q1");
  auto any = pull_any("^q");
  CAF_CHECK(!any.came());
  revive("q1");
  CAF_REQUIRE(any.came());
  CAF_CHECK_EQUAL(body(any), "a");
}

CAF_TEST(a push to many passes a queue by that is down) {
  queue("q1");
  queue("q2");
  crash_too_often("q1");
  auto pushed =
    ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^q"}, text("a"), request_headers{});
  CAF_REQUIRE(pushed.came() && !pushed.refused());
  CAF_REQUIRE_EQUAL(pushed.value().size(), 1u);
  CAF_CHECK_EQUAL(pushed.value()[0].first, "q2");
}

CAF_TEST(a push to many of which all are down is refused rather than answered as if none matched) {
  queue("q1");
  crash_too_often("q1");
  auto pushed =
    ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^q"}, text("a"), request_headers{});
  CAF_REQUIRE(pushed.refused());
  CAF_CHECK(pushed.why().why == reason::unavailable);
}

CAF_TEST(a push to many reaches a queue that has just been killed) {
  auto q = queue("q1");
  caf::anon_send_exit(q.actor, caf::exit_reason::kill);
  auto pushed =
    ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^q"}, text("a"), request_headers{});
  CAF_REQUIRE(pushed.came() && !pushed.refused());
  CAF_CHECK_EQUAL(pushed.value().size(), 1u);
  CAF_CHECK_EQUAL(body(pull("q1", 0s)), "a");
}

// -- pulls over many queues, while queues are killed

CAF_TEST(a pull over many queues hears of messages in a queue that was killed) {
  queue("q1");
  auto any = pull_any("^q");
  kill_queue("q1");
  push("q1", "a");
  CAF_REQUIRE(any.came());
  CAF_CHECK_EQUAL(body(any), "a");
}

CAF_TEST(a queue that is killed between an offer and its answer serves its own again) {
  queue("q1");
  auto any = pull_any("^q"); // watches
  auto own = pull("q1");
  auto q = queue("q1");
  caf::anon_send(q.actor, push_atom::value, ids.next(), text("a"), request_headers{});
  sched.run_once(); // the queue makes its offer
  caf::anon_send_exit(q.actor, caf::exit_reason::kill);
  consume_messages();
  push("q1", "b");
  CAF_CHECK(any.came());
  CAF_CHECK(own.came());
}

// -- the registry

CAF_TEST(a killed registry leaves queues alone and knows all that it knew) {
  push("q", "a");
  property_set never;
  never.retry = 0;
  patch("p", never);
  CAF_CHECK(
    !ask<caf::unit_t>(doors.registry, set_rules_atom::value, std::vector<rule>{{"^r", never}}).refused());
  auto waiting = pull("w");
  auto q = queue("q");
  auto before = doors.registry;
  kill(doors.registry);
  // Who holds a queue's handle notices nothing.
  auto got = ask<pulled>(q.actor, pull_atom::value, next_waiter_id(), wait_time{0s});
  CAF_CHECK_EQUAL(body(got), "a");
  CAF_CHECK(bounced(resolve("q").error()));
  ask_for_doors();
  CAF_CHECK(doors.registry != before);
  CAF_CHECK(queue("q").actor == q.actor);
  CAF_CHECK_EQUAL(ask<properties>(doors.registry, props_atom::value, std::string{"p"}).value().retry, 0u);
  CAF_CHECK_EQUAL(ask<properties>(doors.registry, props_atom::value, std::string{"r"}).value().retry, 0u);
  CAF_CHECK_EQUAL(ask<std::vector<rule>>(doors.registry, rules_atom::value).value().size(), 1u);
  push("w", "late");
  CAF_CHECK_EQUAL(body(waiting), "late");
  CAF_CHECK(health().restarts["registry"] == 1u);
}

CAF_TEST(when the registry is killed while queues follow new rules the next one goes on and answers) {
  const std::size_t many = 4 * registry_machine::follow_step_max;
  for (std::size_t i = 0; i < many; ++i)
    queue("q" + std::to_string(i));
  property_set never;
  never.retry = 0;
  auto changed =
    ask_later<caf::unit_t>(doors.registry, set_rules_atom::value, std::vector<rule>{{"^q", never}});
  sched.run_once(); // the asker asks
  sched.run_once(); // the registry takes the rules, and some of the queues follow
  CAF_CHECK(!changed.came());
  caf::anon_send_exit(doors.registry, caf::exit_reason::kill);
  consume_messages();
  CAF_CHECK(changed.came() && !changed.refused());
  ask_for_doors();
  for (std::size_t i = 0; i < many; ++i) {
    auto report = ask<queue_report>(queue("q" + std::to_string(i)).actor, report_atom::value);
    CAF_CHECK_EQUAL(report.value().in_force.retry, 0u);
  }
}

CAF_TEST(a queue that is killed while there is no registry is started again by the next one) {
  push("q", "a");
  auto q = queue("q");
  caf::anon_send_exit(doors.registry, caf::exit_reason::kill);
  caf::anon_send_exit(q.actor, caf::exit_reason::kill);
  consume_messages();
  ask_for_doors();
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
}

CAF_TEST(after the registry was killed pulls and pushes over many queues know of new queues) {
  auto any = pull_any("^n");
  kill(doors.registry);
  ask_for_doors();
  push("new", "a");
  CAF_REQUIRE(any.came());
  CAF_CHECK_EQUAL(body(any), "a");
  queue("nine");
  auto pushed =
    ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^n"}, text("b"), request_headers{});
  CAF_REQUIRE(!pushed.refused());
  CAF_CHECK_EQUAL(pushed.value().size(), 2u);
  remove("nine");
  CAF_CHECK_EQUAL(reports().size(), 1u);
}

// -- pull_any and fan_out

CAF_TEST(who waits at a killed pull_any is told to ask again and is served then) {
  queue("q1");
  auto any = pull_any("^q");
  auto same = last_waiter;
  kill(doors.pull_any);
  CAF_REQUIRE(any.came());
  CAF_CHECK(bounced(any.error()));
  ask_for_doors();
  auto again =
    ask<pulled>(doors.pull_any, pull_atom::value, std::string{"^q"}, same, wait_time{std::nullopt});
  CAF_CHECK(!again.came());
  push("q1", "a");
  CAF_REQUIRE(again.came());
  CAF_CHECK_EQUAL(body(again), "a");
  CAF_CHECK(health().restarts["pull_any"] == 1u);
}

CAF_TEST(a queue that was watched serves its own when pull_any is killed) {
  queue("q1");
  auto any = pull_any("^q");
  auto own = pull("q1");
  kill(doors.pull_any);
  push("q1", "a");
  CAF_REQUIRE(own.came());
  CAF_CHECK_EQUAL(body(own), "a");
}

CAF_TEST(a killed fan_out is there again for who asks for the doors) {
  push("q1", "a");
  kill(doors.fan_out);
  auto failed = ask<std::vector<queue_report>>(doors.fan_out, report_atom::value);
  CAF_CHECK(bounced(failed.error()));
  ask_for_doors();
  CAF_CHECK_EQUAL(reports().size(), 1u);
}

CAF_TEST(a part that crashes too often pauses and the node is not ready) {
  push("q", "a");
  for (std::size_t i = 0; i <= restart_limit::restarts_max; ++i) {
    kill(doors.pull_any);
    ask_for_doors();
  }
  auto h = health();
  CAF_CHECK(!h.ready);
  CAF_REQUIRE_EQUAL(h.reasons.size(), 1u);
  CAF_CHECK(h.reasons[0].find("pull_any") == 0);
  CAF_CHECK(bounced(pull_any("q", 0s).error()));
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "a");
  pass(restart_limit::pause);
  CAF_CHECK(health().ready);
  ask_for_doors();
  CAF_CHECK(!pull_any("q", 0s).refused());
}

CAF_TEST_FIXTURE_SCOPE_END()
