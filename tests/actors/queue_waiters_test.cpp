// Who waits at a queue, who is served first, and when the machine wants to be woken.
#define CAF_SUITE queue_waiters

#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

// -- waiting

CAF_TEST(a push answers the pull that waits) {
  queue_driver q;
  auto w = q.pull();
  q.advance(24h);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(w), "a");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(waiters are served first come first served) {
  queue_driver q;
  auto first = q.pull();
  auto second = q.pull(10s);
  auto third = q.pull();
  q.push("a");
  q.push("b");
  CAF_CHECK_EQUAL(q.body_for(first), "a");
  CAF_CHECK_EQUAL(q.body_for(second), "b");
  CAF_CHECK_EQUAL(q.body_for(third), "(waits)");
}

CAF_TEST(a pull that does not wait leaves those who wait alone) {
  queue_driver q;
  auto w = q.pull();
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(a nack answers the pull that waits) {
  queue_driver q;
  q.push("a");
  auto d = q.pull_now();
  auto w = q.pull();
  q.nack(d.lease);
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(an expiry answers the pull that waits) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.pull_now();
  auto w = q.pull(20s);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(a waiter is answered with nothing exactly when its time is up) {
  queue_driver q;
  auto w = q.pull(5s);
  q.advance(5s - 1ns);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  q.advance(1ns);
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
  q.push("a");
  CAF_CHECK_EQUAL(q.body_now(), "a");
}

CAF_TEST(a message that is ready at the instant a waiters time is up is still its own) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.pull_now();
  auto w = q.pull(10s);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(waiters whose time is up leave in the order of their deadlines) {
  queue_driver q;
  auto late = q.pull(5s);
  auto early = q.pull(3s);
  auto equal = q.pull(3s);
  q.jump(1h);
  q.tick();
  CAF_CHECK(q.answered == (std::vector{early, equal, late}));
}

CAF_TEST(a cancelled waiter is forgotten and costs no message and no retry) {
  queue_driver q;
  auto first = q.pull();
  auto second = q.pull(5s);
  auto third = q.pull();
  q.cancel(first);
  q.cancel(second);
  CAF_CHECK_EQUAL(q.body_for(first), "(nothing)");
  CAF_CHECK_EQUAL(q.body_for(second), "(nothing)");
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(third), "a");
  CAF_CHECK_EQUAL(q.fate(third).retries_left, 2u);
  q.advance(1h);
  CAF_CHECK_EQUAL(q.machine.sizes().waiters, 0u);
}

CAF_TEST(to cancel somebody who does not wait has no effect) {
  queue_driver q;
  q.push("a");
  auto served = q.pull();
  q.cancel(served);
  CAF_CHECK_EQUAL(q.effects_of_last_step, 0u);
  q.cancel(waiter_id{4711});
  CAF_CHECK_EQUAL(q.effects_of_last_step, 0u);
  CAF_CHECK(q.ack(q.fate(served).lease));
}

CAF_TEST(an older waiter that arrives later is served first) {
  // Waiter ids are drawn where the request comes in; another thread's may arrive here later.
  queue_machine m{properties{}};
  effects out;
  m.pull(waiter_id{7}, std::nullopt, time_point{}, out);
  m.pull(waiter_id{5}, std::nullopt, time_point{}, out);
  m.push({1, 1}, {payload::copy_of("t", "a"), nullptr}, time_point{}, out);
  m.tick(time_point{}, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  CAF_CHECK(std::get<deliver>(out[0]).to == waiter_id{5});
}

// -- time

CAF_TEST(the next deadline is the first thing due) {
  queue_driver q(with({.timeout = 30s}));
  CAF_CHECK(!q.machine.next_deadline());
  q.push("a");
  CAF_CHECK(!q.machine.next_deadline());
  q.pull_now();
  CAF_CHECK(q.machine.next_deadline() == q.start + 30s);
  auto w = q.pull(20s);
  CAF_CHECK(q.machine.next_deadline() == q.start + 20s);
  q.configure(with({.accum = 10s}));
  q.push("b");
  CAF_CHECK(q.machine.next_deadline() == q.start + 10s);
  q.cancel(w);
  q.jump(10s);
  q.tick();
  CAF_CHECK(q.machine.next_deadline() == q.start + 30s);
  q.advance(20s);
  CAF_CHECK(!q.machine.next_deadline());
}

CAF_TEST(a waiter without a limit has no deadline) {
  queue_driver q;
  q.pull();
  CAF_CHECK(!q.machine.next_deadline());
}

CAF_TEST(a tick with nothing due has no effect) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  q.pull_now();
  q.pull(60s);
  q.jump(30s - 1ns);
  q.tick();
  CAF_CHECK_EQUAL(q.effects_of_last_step, 0u);
}

CAF_TEST(one late tick does all that is due) {
  queue_driver q(with({.timeout = 10s}));
  for (auto body : {"a", "b", "c"})
    q.push(body);
  for (int i = 0; i < 3; ++i)
    q.pull_now();
  auto w = q.pull(20s);
  auto v = q.pull(20s);
  q.jump(1h);
  q.tick();
  CAF_CHECK_EQUAL(q.body_for(w), "a");
  CAF_CHECK_EQUAL(q.body_for(v), "b");
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
}

CAF_TEST(the longest settings do not overflow) {
  queue_driver q(with({.accum = property_limits::time_max, .timeout = property_limits::time_max}));
  q.push("a");
  CAF_CHECK(q.machine.next_deadline() == q.start + property_limits::time_max);
  q.advance(property_limits::time_max);
  auto d = q.pull_now();
  CAF_CHECK_EQUAL(d.body, "[a]");
  q.advance(property_limits::time_max - 1ms);
  CAF_CHECK(q.ack(d.lease));
}
