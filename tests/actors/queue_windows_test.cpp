// Accumulation: all that is pushed within a window becomes one compound.
#define CAF_SUITE queue_windows

#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

// -- accumulation

CAF_TEST(the first push opens a window and pushes within it join) {
  queue_driver q(with({.accum = 10s}));
  CAF_CHECK(q.push("a") == push_outcome::opened);
  q.advance(5s);
  CAF_CHECK(q.push("b") == push_outcome::joined);
  q.advance(5s - 1ns);
  CAF_CHECK(q.push("c") == push_outcome::joined);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.advance(1ns);
  CAF_CHECK_EQUAL(q.body_now(), "[a|b|c]");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(a push at the end of the window opens the next) {
  queue_driver q(with({.accum = 10s}));
  q.push("a");
  q.jump(10s);
  CAF_CHECK(q.push("b") == push_outcome::opened);
  CAF_CHECK_EQUAL(q.body_now(), "[a]");
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_now(), "[b]");
}

CAF_TEST(a window counts from its first push) {
  queue_driver q(with({.accum = 10s}));
  auto w = q.pull();
  q.push("a");
  q.advance(9s);
  q.push("b");
  q.advance(1s);
  CAF_CHECK_EQUAL(q.body_for(w), "[a|b]");
}

CAF_TEST(a compound counts and retries and settles as one message) {
  queue_driver q(with({.accum = 10s, .retry = 1}));
  q.push("a");
  q.push("b");
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 1u);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 1u);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
  auto first = q.pull_now();
  CAF_CHECK_EQUAL(first.retries_left, 1u);
  CAF_CHECK(q.nack(first.lease));
  auto second = q.pull_now();
  CAF_CHECK_EQUAL(second.body, "[a|b]");
  CAF_CHECK_EQUAL(second.retries_left, 0u);
  CAF_CHECK(q.ack(second.lease));
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(a compound is ready from the end of its window) {
  queue_driver q(with({.accum = 10s}));
  q.push("a");
  q.jump(13s);
  CAF_CHECK(q.pull_now().waited == 3s);
}

CAF_TEST(a compound stands behind what became ready before its windows end) {
  queue_driver q(with({.accum = 10s}));
  q.push("a");
  q.configure(with({}));
  q.advance(10s - 1ns);
  auto joined = q.push("joins still");
  CAF_CHECK(joined == push_outcome::joined);
  q.advance(1ns);
  q.push("b");
  CAF_CHECK_EQUAL(q.body_now(), "[a|joins still]");
  CAF_CHECK_EQUAL(q.body_now(), "b");
}

CAF_TEST(an open window keeps the end and the retries with which it was opened) {
  queue_driver q(with({.accum = 10s, .retry = 5}));
  q.push("a");
  q.configure(with({.accum = 60s, .retry = 0}));
  q.advance(10s);
  auto d = q.pull_now();
  CAF_CHECK_EQUAL(d.body, "[a]");
  CAF_CHECK_EQUAL(d.retries_left, 5u);
}

CAF_TEST(a window does not take in what is stored already) {
  queue_driver q;
  q.push("a");
  q.configure(with({.accum = 10s}));
  q.push("b");
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_now(), "[b]");
}

CAF_TEST(a delivered compound is not changed by later pushes) {
  queue_driver q(with({.accum = 10s}));
  q.push("a");
  q.advance(10s);
  auto first = q.pull_now();
  q.push("b");
  q.nack(first.lease);
  CAF_CHECK_EQUAL(q.body_now(), "[a]");
}
