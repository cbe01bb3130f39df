#define CAF_SUITE queue_actor

#include "broker_fixture.hpp"

using namespace std::chrono_literals;
using namespace lmq;

namespace {
struct fixture : broker_fixture {};
} // namespace

CAF_TEST_FIXTURE_SCOPE(queue_actor_tests, fixture)

CAF_TEST(a push is answered and the next pull gets it with a lease) {
  CAF_CHECK(push("q", "a").value() == push_outcome::stored);
  auto got = pull("q", 0s);
  CAF_REQUIRE(got.came());
  CAF_CHECK_EQUAL(body(got), "a");
  CAF_CHECK_EQUAL(*got.value().queue, "q");
  CAF_CHECK(!settle("q", got.value().delivery->lease, verdict::ack).refused());
  CAF_CHECK(settle("q", got.value().delivery->lease, verdict::ack).why().why == reason::no_such_lease);
}

CAF_TEST(a pull that waits is answered by the push that comes later) {
  auto waiting = pull("q");
  CAF_CHECK(!waiting.came());
  push("q", "late");
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "late");
}

CAF_TEST(a pull gives up at its time and not before) {
  auto waiting = pull("q", 5s);
  pass(4999ms);
  CAF_CHECK(!waiting.came());
  pass(1ms);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK(!waiting.value().delivery);
}

CAF_TEST(a lease that runs out wakes the waiter by itself) {
  push("q", "a");
  auto first = pull("q", 0s);
  auto second = pull("q");
  pass(29'999ms);
  CAF_CHECK(!second.came());
  pass(1ms);
  CAF_REQUIRE(second.came());
  CAF_CHECK_EQUAL(second.value().delivery->retries_left, 1u);
  CAF_CHECK(second.value().delivery->lease != first.value().delivery->lease);
}

CAF_TEST(a later and an earlier deadline need one tick each and stale ones do nothing) {
  property_set slow;
  slow.timeout = 50s;
  patch("q", slow);
  push("q", "a");
  push("q", "b");
  auto a = pull("q", 0s);
  property_set fast;
  fast.timeout = 10s;
  patch("q", fast);
  auto b = pull("q", 0s);
  CAF_CHECK_EQUAL(sched.clock().schedule().size(), 2u);
  pass(10s);
  CAF_CHECK_EQUAL(body(pull("q", 0s)), "b");
  pass(40s);
  CAF_CHECK(settle("q", a.value().delivery->lease, verdict::ack).refused());
}

CAF_TEST(a deadline far ahead is met) {
  property_set slow;
  slow.timeout = 3600s;
  patch("q", slow);
  push("q", "a");
  pull("q", 0s);
  auto waiting = pull("q");
  for (int minute = 0; minute < 59; ++minute)
    pass(60s);
  CAF_CHECK(!waiting.came());
  pass(60s);
  CAF_CHECK(waiting.came());
}

CAF_TEST(a cancelled waiter is forgotten and the message goes to the next) {
  auto gone = pull("q");
  auto gone_id = last_waiter;
  auto next = pull("q");
  caf::anon_send(queue("q").actor, cancel_atom::value, gone_id);
  consume_messages();
  push("q", "a");
  CAF_CHECK(!gone.value().delivery);
  CAF_REQUIRE(next.came());
  CAF_CHECK_EQUAL(next.value().delivery->retries_left, 2u);
}

CAF_TEST(a delivery that reached nobody is given back without cost) {
  push("q", "a");
  push("q", "b");
  auto lost = pull("q", 0s);
  caf::anon_send(queue("q").actor, give_back_atom::value, lost.value().delivery->lease);
  consume_messages();
  auto again = pull("q", 0s);
  CAF_CHECK_EQUAL(body(again), "a");
  CAF_CHECK_EQUAL(again.value().delivery->retries_left, 2u);
}

CAF_TEST(the end of a queue answers its waiters with nothing and bounces what comes later) {
  auto waiting = pull("q");
  auto old = queue("q");
  CAF_CHECK(!ask<caf::unit_t>(doors.registry, remove_atom::value, std::string{"q"}).refused());
  CAF_REQUIRE(waiting.came());
  CAF_CHECK(!waiting.value().delivery);
  auto late = ask<push_outcome>(old.actor, push_atom::value, ids.next(), text("x"), request_headers{});
  CAF_REQUIRE(late.refused());
  CAF_CHECK(bounced(late.error()));
  CAF_CHECK(push("q", "anew").value() == push_outcome::stored);
}

CAF_TEST(a window opens and is joined and ends in one compound) {
  property_set p;
  p.accum = 2s;
  patch("q", p);
  CAF_CHECK(push("q", "a").value() == push_outcome::opened);
  CAF_CHECK(push("q", "b").value() == push_outcome::joined);
  auto waiting = pull("q");
  pass(1999ms);
  CAF_CHECK(!waiting.came());
  pass(1ms);
  CAF_REQUIRE(waiting.came());
  const auto& parts = *std::get<std::shared_ptr<const compound>>(waiting.value().delivery->content);
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  CAF_CHECK_EQUAL(parts[1].content.content.body(), "b");
}

CAF_TEST(the report counts what is held and what went through) {
  push("q", "a");
  push("q", "b");
  auto got = pull("q", 0s);
  pass(1s);
  settle("q", got.value().delivery->lease, verdict::ack);
  auto r = ask<queue_report>(queue("q").actor, report_atom::value).value();
  CAF_CHECK_EQUAL(r.name, "q");
  CAF_CHECK_EQUAL(r.size, 1u);
  CAF_CHECK_EQUAL(r.push.count, 2u);
  CAF_CHECK_EQUAL(r.pull.count, 1u);
  CAF_CHECK_EQUAL(r.retention.n, 1u);
  CAF_CHECK(r.memory_bytes > 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
