// Who may settle a delivery and for how long: leases, timeouts, deliveries given back.
#define CAF_SUITE queue_leases

#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

// -- leases

CAF_TEST(every delivery has a new lease) {
  queue_driver q;
  q.push("a");
  auto first = q.pull_now();
  q.nack(first.lease);
  auto second = q.pull_now();
  CAF_CHECK(first.lease != second.lease);
  CAF_CHECK(!q.ack(first.lease));
  CAF_CHECK(!q.nack(first.lease));
  CAF_CHECK(!q.extend(first.lease));
  CAF_CHECK(q.ack(second.lease));
}

CAF_TEST(a lease holds until just before its deadline) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  auto d = q.pull_now();
  q.advance(30s - 1ns);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK(q.ack(d.lease));
}

CAF_TEST(a lease is gone exactly at its deadline) {
  for (auto verb : {&queue_driver::ack, &queue_driver::nack, &queue_driver::extend}) {
    queue_driver q(with({.timeout = 30s}));
    q.push("a");
    auto d = q.pull_now();
    q.jump(30s);
    CAF_CHECK(!(q.*verb)(d.lease));
    CAF_CHECK_EQUAL(q.body_now(), "a");
  }
}

CAF_TEST(an expired lease is unknown even if nobody pulled the message again) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  auto d = q.pull_now();
  q.advance(31s);
  CAF_CHECK(!q.ack(d.lease));
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
}

CAF_TEST(a lease is settled once) {
  queue_driver q;
  q.push("a");
  q.push("b");
  auto a = q.pull_now();
  CAF_CHECK(q.ack(a.lease));
  CAF_CHECK(!q.ack(a.lease));
  CAF_CHECK(!q.nack(a.lease));
  auto b = q.pull_now();
  CAF_CHECK(q.nack(b.lease));
  CAF_CHECK(!q.nack(b.lease));
  CAF_CHECK(!q.ack(b.lease));
}

CAF_TEST(a lease that nobody was given is unknown) {
  queue_driver q;
  q.push("a");
  auto a = q.pull_now().lease;
  CAF_CHECK(!q.ack({{a.message.incarnation, a.message.counter + 1}, a.delivery}));
  CAF_CHECK(!q.ack({{a.message.incarnation + 1, a.message.counter}, a.delivery}));
  CAF_CHECK(!q.ack({a.message, a.delivery + 1}));
  CAF_CHECK(!q.ack({a.message, 0}));
  CAF_CHECK(q.ack(a));
}

CAF_TEST(an acked message never comes back) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  CAF_CHECK(q.ack(q.pull_now().lease));
  q.advance(1h);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

// -- timeout

CAF_TEST(a lease has the timeout in force when it is pulled) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  q.push("b");
  auto a = q.pull_now();
  q.configure(with({.timeout = 10s}));
  auto b = q.pull_now();
  q.advance(10s);
  CAF_CHECK(!q.ack(b.lease));
  CAF_CHECK(q.ack(a.lease));
}

CAF_TEST(extend restarts the clock of the lease) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  auto d = q.pull_now();
  q.advance(20s);
  CAF_CHECK(q.extend(d.lease));
  q.advance(30s - 1ns);
  CAF_CHECK(q.extend(d.lease));
  q.advance(30s);
  CAF_CHECK(!q.ack(d.lease));
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 1u);
}

CAF_TEST(extend takes the timeout in force now) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  auto d = q.pull_now();
  q.configure(with({.timeout = 5s}));
  q.advance(20s); // the old deadline still holds
  CAF_CHECK(q.extend(d.lease));
  q.advance(5s - 1ns);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.advance(1ns);
  CAF_CHECK_EQUAL(q.body_now(), "a");
}

CAF_TEST(extend with a longer timeout outlives the old deadline) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  auto d = q.pull_now();
  q.configure(with({.timeout = 60s}));
  CAF_CHECK(q.extend(d.lease));
  q.advance(60s - 1ns);
  CAF_CHECK(q.ack(d.lease));
}

CAF_TEST(extend with a timeout of zero ends the lease) {
  queue_driver q(with({.timeout = 30s}));
  q.push("a");
  auto d = q.pull_now();
  auto w = q.pull();
  q.configure(with({.timeout = 0s}));
  CAF_CHECK(q.extend(d.lease));
  CAF_CHECK_EQUAL(q.body_for(w), "a");
  CAF_CHECK(!q.ack(d.lease));
}

CAF_TEST(a timeout of zero redelivers at once and its leases cannot be settled) {
  queue_driver q(with({.retry = 2, .timeout = 0s}));
  q.push("a");
  for (std::uint32_t left : {2u, 1u, 0u}) {
    auto d = q.pull_now();
    CAF_CHECK_EQUAL(d.body, "a");
    CAF_CHECK_EQUAL(d.retries_left, left);
    CAF_CHECK(!q.ack(d.lease));
  }
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(a timeout of zero hands one message to each of those who wait) {
  queue_driver q(with({.retry = 1, .timeout = 0s}));
  auto first = q.pull();
  auto second = q.pull();
  auto third = q.pull();
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(first), "a");
  CAF_CHECK_EQUAL(q.body_for(second), "a");
  CAF_CHECK_EQUAL(q.body_for(third), "(waits)");
  CAF_CHECK_EQUAL(q.discarded, std::vector<std::string>{"a"});
}

// -- give back

CAF_TEST(a delivery given back takes its old place and spends no retry) {
  queue_driver q;
  q.push("a");
  q.push("b");
  q.advance(1s);
  auto a = q.pull_now();
  q.give_back(a.lease);
  auto again = q.pull_now();
  CAF_CHECK_EQUAL(again.body, "a");
  CAF_CHECK_EQUAL(again.retries_left, 2u);
  CAF_CHECK(again.waited == 1s);
  CAF_CHECK(again.lease != a.lease);
  CAF_CHECK(!q.ack(a.lease));
  CAF_CHECK(q.ack(again.lease));
}

CAF_TEST(deliveries given back in any order stand as before) {
  queue_driver q;
  for (auto body : {"a", "b", "c"})
    q.push(body);
  auto a = q.pull_now();
  auto b = q.pull_now();
  q.advance(1s);
  q.extend(a.lease);
  q.give_back(b.lease);
  q.give_back(a.lease);
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.body_now(), "c");
}

CAF_TEST(a delivery given back goes to who waits) {
  queue_driver q;
  q.push("a");
  auto gone = q.pull();
  auto w = q.pull();
  q.give_back(q.fate(gone).lease);
  CAF_CHECK_EQUAL(q.body_for(w), "a");
  CAF_CHECK_EQUAL(q.fate(w).retries_left, 2u);
}

CAF_TEST(to give back a lease that no longer holds has no effect) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  q.push("b");
  auto acked = q.pull_now();
  q.ack(acked.lease);
  q.give_back(acked.lease);
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
  auto expired = q.pull_now();
  q.jump(10s);
  q.give_back(expired.lease);
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 1u);
}

CAF_TEST(the last delivery given back may be made again) {
  queue_driver q(with({.retry = 0}));
  q.push("a");
  q.give_back(q.pull_now().lease);
  auto again = q.pull_now();
  CAF_CHECK_EQUAL(again.body, "a");
  CAF_CHECK_EQUAL(again.retries_left, 0u);
}
