// In which order messages come out of a queue, how often, and how many are held.
#define CAF_SUITE queue_machine

#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using bodies = std::vector<std::string>;

} // namespace

// -- order

CAF_TEST(messages come out in the order in which they went in) {
  queue_driver q;
  CAF_CHECK(q.push("a") == push_outcome::stored);
  q.push("b");
  q.advance(1s);
  q.push("c");
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.body_now(), "c");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(a nacked message stands behind what is ready and ahead of later pushes) {
  queue_driver q;
  q.push("a");
  q.push("b");
  auto a = q.pull_now();
  CAF_CHECK(q.nack(a.lease));
  q.push("c");
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "c");
}

CAF_TEST(messages nacked at one instant line up in the order of their nacks) {
  queue_driver q;
  q.push("a");
  q.push("b");
  auto a = q.pull_now();
  auto b = q.pull_now();
  CAF_CHECK(q.nack(b.lease));
  CAF_CHECK(q.nack(a.lease));
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.body_now(), "a");
}

CAF_TEST(an expired message becomes ready at the moment of expiry and not when somebody looks) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.pull_now();
  q.advance(9s);
  q.push("before expiry");
  q.jump(2s);
  q.push("after expiry"); // the first step that sees the expiry
  CAF_CHECK_EQUAL(q.body_now(), "before expiry");
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "after expiry");
}

CAF_TEST(leases that ran out unseen line up by their deadlines) {
  queue_driver q(with({.timeout = 30s}));
  q.push("long");
  q.push("short");
  q.pull_now();
  q.configure(with({.timeout = 10s}));
  q.pull_now();
  q.jump(1h);
  CAF_CHECK_EQUAL(q.body_now(), "short");
  CAF_CHECK_EQUAL(q.body_now(), "long");
}

CAF_TEST(leases with one deadline expire in the order of their deliveries) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.push("b");
  q.pull_now();
  q.pull_now();
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "b");
}

CAF_TEST(what expires at the instant of a push stands ahead of it) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.pull_now();
  q.jump(10s);
  q.push("b");
  CAF_CHECK_EQUAL(q.body_now(), "a");
}

// -- retries

CAF_TEST(a retry of n allows n and one deliveries and counts down to zero) {
  queue_driver q(with({.retry = 2}));
  q.push("a");
  for (std::uint32_t left : {2u, 1u, 0u}) {
    auto d = q.pull_now();
    CAF_CHECK_EQUAL(d.body, "a");
    CAF_CHECK_EQUAL(d.retries_left, left);
    CAF_CHECK(q.nack(d.lease));
  }
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.discarded, bodies{"a"});
}

CAF_TEST(expiry spends a retry as nack does) {
  queue_driver q(with({.retry = 2, .timeout = 10s}));
  q.push("a");
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 2u);
  q.advance(10s);
  auto second = q.pull_now();
  CAF_CHECK_EQUAL(second.retries_left, 1u);
  q.nack(second.lease);
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 0u);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.discarded, bodies{"a"});
}

CAF_TEST(a retry of zero allows one delivery) {
  queue_driver q(with({.retry = 0}));
  q.push("a");
  auto d = q.pull_now();
  CAF_CHECK_EQUAL(d.retries_left, 0u);
  q.nack(d.lease);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(the last delivery may still be acked) {
  queue_driver q(with({.retry = 0}));
  q.push("a");
  CAF_CHECK(q.ack(q.pull_now().lease));
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.discarded, bodies{});
}

CAF_TEST(an exhausted message is discarded only when it would be delivered again) {
  queue_driver q(with({.retry = 0, .timeout = 10s}));
  q.push("a");
  q.pull_now();
  q.advance(1h);
  CAF_CHECK_EQUAL(q.discarded, bodies{});
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 1u);
  q.pull_now();
  CAF_CHECK_EQUAL(q.discarded, bodies{"a"});
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
}

CAF_TEST(an exhausted message is passed over in favour of the next one) {
  queue_driver q(with({.retry = 0}));
  q.push("a");
  q.push("b");
  auto a = q.pull_now();
  q.nack(a.lease);
  q.push("c");
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.discarded, bodies{});
  CAF_CHECK_EQUAL(q.body_now(), "c");
  CAF_CHECK_EQUAL(q.discarded, bodies{"a"});
}

CAF_TEST(an exhausted message is no answer for somebody who waits) {
  queue_driver q(with({.retry = 0, .timeout = 10s}));
  q.push("a");
  q.pull_now();
  auto w = q.pull();
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  CAF_CHECK_EQUAL(q.discarded, bodies{"a"});
  q.push("b");
  CAF_CHECK_EQUAL(q.body_for(w), "b");
}

CAF_TEST(stored messages keep the retries with which they were pushed) {
  queue_driver q(with({.retry = 5}));
  q.push("old");
  q.configure(with({.retry = 0}));
  q.push("new");
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 5u);
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 0u);
}

CAF_TEST(retention counts from ready to delivered and begins anew with each delivery) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.advance(3s);
  CAF_CHECK(q.pull_now().waited == 3s);
  q.advance(14s);
  auto second = q.pull_now();
  CAF_CHECK(second.waited == 4s);
  q.advance(5s);
  q.nack(second.lease);
  CAF_CHECK(q.pull_now().waited == 0s);
}

CAF_TEST(retention counts from the moment of expiry though nobody looked) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.pull_now();
  q.jump(13s);
  CAF_CHECK(q.pull_now().waited == 3s);
}

// -- the end

CAF_TEST(the end of a queue answers all waiters with nothing in the order of arrival) {
  queue_driver q;
  auto first = q.pull();
  auto second = q.pull(10s);
  q.close();
  CAF_CHECK(q.answered == (std::vector{first, second}));
  CAF_CHECK_EQUAL(q.body_for(first), "(nothing)");
  CAF_CHECK_EQUAL(q.body_for(second), "(nothing)");
}

CAF_TEST(the end of a queue forgets everything in it) {
  queue_driver q(with({.accum = 10s}));
  q.push("accumulates");
  q.configure(with({}));
  q.advance(10s);
  auto leased = q.pull_now();
  q.push("ready");
  q.configure(with({.accum = 10s}));
  q.push("accumulates again");
  q.pull();
  q.close();
  auto s = q.machine.sizes();
  CAF_CHECK_EQUAL(s.messages() + s.waiters + s.memory_bytes, 0u);
  CAF_CHECK(!q.machine.next_deadline());
  CAF_CHECK(!q.ack(leased.lease));
  q.advance(1h);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

// -- sizes

CAF_TEST(sizes count messages by their state) {
  queue_driver q;
  q.push("a");
  q.push("b");
  q.push("c");
  auto a = q.pull_now();
  auto s = q.machine.sizes();
  CAF_CHECK_EQUAL(s.ready, 2u);
  CAF_CHECK_EQUAL(s.leased, 1u);
  q.nack(a.lease);
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 3u);
}

CAF_TEST(memory follows the bytes held and ends at zero) {
  queue_driver q(with({.timeout = 10s}));
  q.push(std::string(100'000, 'x'));
  auto one = q.machine.sizes().memory_bytes;
  CAF_CHECK(one >= 100'000);
  CAF_CHECK(one <= 101'000);
  q.push(std::string(100'000, 'y'));
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 2 * one);
  auto d = q.pull_now();
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 2 * one);
  q.ack(d.lease);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, one);
  q.ack(q.pull_now().lease);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(memory counts each part of a compound) {
  queue_driver q(with({.accum = 10s}));
  q.push(std::string(50'000, 'x'));
  q.push(std::string(50'000, 'x'));
  auto open = q.machine.sizes().memory_bytes;
  CAF_CHECK(open >= 100'000);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, open);
  q.ack(q.pull_now().lease);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}
