// What operators ask of a queue: to look, to drop what is ready, to remove one message, to pause.
#define CAF_SUITE queue_admin

#include "fact_text.hpp"
#include "queue_driver.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr queue_role recording{home_tag{1}, true};

properties paused(bool is = true) {
  properties p;
  p.paused = is;
  return p;
}

properties with_window(milliseconds window) {
  properties p;
  p.accum = window;
  return p;
}

message_id first_id(queue_driver& q) {
  return q.machine.peek(1, q.now).at(0).id;
}

bool is_unknown(const result<void>& r) {
  return !r && r.error().why == reason::no_such_message;
}

} // namespace

// -- peek

CAF_TEST(a peek shows what is next in line and changes nothing) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{{}, role};
    for (auto* body : {"a", "b", "c"})
      q.push(body);
    auto leased = q.pull_now().lease;
    q.advance(5s);
    q.recorded.clear();
    CAF_CHECK_EQUAL(q.peek(1), "b");
    CAF_CHECK_EQUAL(q.peek(10), "b c");
    auto b = q.machine.peek(1, q.now).at(0);
    CAF_CHECK(b.age == 5s);
    CAF_CHECK_EQUAL(b.deliveries, 0u);
    CAF_CHECK_EQUAL(b.retries_left, 2u);
    CAF_CHECK(q.recorded.empty());
    CAF_CHECK_EQUAL(q.machine.sizes().ready, 2u);
    CAF_CHECK(q.nack(leased));
    auto a = q.machine.peek(10, q.now).at(2);
    CAF_CHECK_EQUAL(q.peek(10), "b c a");
    CAF_CHECK_EQUAL(a.deliveries, 1u);
    CAF_CHECK_EQUAL(a.retries_left, 1u);
    CAF_CHECK_EQUAL(q.pull_now().retries_left, 2u);
  }
}

CAF_TEST(a peek passes over what is out of retries) {
  queue_driver q{with({.retry = 0})};
  q.push("a");
  CAF_CHECK(q.nack(q.pull_now().lease));
  q.push("b");
  CAF_CHECK_EQUAL(q.peek(1), "b");
}

CAF_TEST(a compound is peeked at as one when its window has ended) {
  queue_driver q{with_window(1s)};
  q.push("a");
  q.push("b");
  CAF_CHECK_EQUAL(q.peek(10), "");
  q.advance(1s);
  CAF_CHECK_EQUAL(q.peek(10), "[a|b]");
}

// -- purge

CAF_TEST(a purge drops what is ready and leaves what is leased or accumulates) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{{}, role};
    for (auto* body : {"a", "b", "c"})
      q.push(body);
    auto lease = q.pull_now().lease;
    q.configure(with_window(1s));
    q.push("w");
    CAF_CHECK_EQUAL(q.purge(), 2u);
    CAF_CHECK_EQUAL(q.machine.sizes().ready, 0u);
    CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
    CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 1u);
    CAF_CHECK_EQUAL(q.machine.counts().deleted, 2u);
    CAF_CHECK(q.nack(lease));
    CAF_CHECK_EQUAL(q.body_now(), "a");
    q.advance(1s);
    CAF_CHECK_EQUAL(q.body_now(), "[w]");
    CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
    CAF_CHECK_EQUAL(q.purge(), 0u);
  }
}

CAF_TEST(a purge records every message it drops and nothing where there is none) {
  queue_driver q{with_window(1s), recording};
  q.push("a");
  q.push("b");
  q.advance(1s);
  q.configure({});
  q.push("c");
  q.recorded.clear();
  CAF_CHECK_EQUAL(q.purge(), 2u);
  CAF_CHECK_EQUAL(joined(texts(q.recorded)), "purged 1 2 3");
  q.recorded.clear();
  CAF_CHECK_EQUAL(q.purge(), 0u);
  CAF_CHECK(q.recorded.empty());
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(a purge behind an offer leaves whoever takes it with nothing) {
  queue_driver q;
  CAF_CHECK(!q.watch());
  q.push("a");
  CAF_CHECK_EQUAL(q.offers.size(), 1u);
  CAF_CHECK_EQUAL(q.purge(), 1u);
  CAF_CHECK_EQUAL(q.take().body, "(nothing)");
  q.push("b");
  CAF_CHECK_EQUAL(q.offers.size(), 1u);
  CAF_CHECK_EQUAL(q.take().body, "b");
}

CAF_TEST(a purge in slices drops the first in line and tells of each slice by itself) {
  queue_driver q{{}, recording};
  for (int i = 0; i < 5; ++i)
    q.push("x");
  auto end = q.end_of_line();
  q.recorded.clear();
  std::vector<std::string> told;
  for (auto [dropped, more] : {std::pair{2u, true}, {2u, true}, {1u, false}, {0u, false}}) {
    auto slice = q.purge(end, 2);
    CAF_CHECK_EQUAL(slice.dropped, dropped);
    CAF_CHECK_EQUAL(slice.more, more);
    told.push_back(joined(texts(q.recorded)));
    q.recorded.clear();
  }
  CAF_CHECK_EQUAL(told[0], "purged 1 2");
  CAF_CHECK_EQUAL(told[1], "purged 3 4");
  CAF_CHECK_EQUAL(told[2], "purged 5");
  CAF_CHECK_EQUAL(told[3], "");
  CAF_CHECK_EQUAL(q.machine.counts().deleted, 5u);
}

CAF_TEST(what is ready only after a purge was asked for stays) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{with({.timeout = 5s}), role};
    for (auto* body : {"leased", "nacked", "given back", "a", "b"})
      q.push(body);
    q.pull_now();
    auto nacked = q.pull_now().lease, given_back = q.pull_now().lease;
    auto end = q.end_of_line();
    auto first = q.purge(end, 1);
    CAF_CHECK_EQUAL(first.dropped, 1u);
    q.push("c"); // at the same instant
    CAF_CHECK(q.nack(nacked));
    q.give_back(given_back); // it is where it was: before the end
    q.advance(5s);
    q.push("d");
    auto rest = q.purge(end, 10);
    CAF_CHECK_EQUAL(rest.dropped, 2u);
    CAF_CHECK(!rest.more);
    CAF_CHECK_EQUAL(q.peek(10), "c nacked leased d");
  }
}

CAF_TEST(a purge of an empty line drops nothing of what comes) {
  queue_driver q;
  auto end = q.end_of_line();
  q.push("a");
  auto slice = q.purge(end, 10);
  CAF_CHECK_EQUAL(slice.dropped, 0u);
  CAF_CHECK(!slice.more);
}

CAF_TEST(of compounds a slice counts the parts and drops none by half) {
  queue_driver q{with_window(1s), recording};
  for (int unit = 0; unit < 3; ++unit) {
    for (int i = 0; i < 3; ++i)
      q.push("x");
    q.advance(1s);
  }
  auto end = q.end_of_line();
  auto slice = q.purge(end, 4);
  CAF_CHECK_EQUAL(slice.dropped, 2u);
  CAF_CHECK(slice.more);
  slice = q.purge(end, 1);
  CAF_CHECK_EQUAL(slice.dropped, 1u);
  CAF_CHECK(!slice.more);
}

// -- one message

CAF_TEST(a ready message is removed by its id and only once) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{{}, role};
    for (auto* body : {"a", "b", "c"})
      q.push(body);
    auto id = q.machine.peek(2, q.now).at(1).id;
    CAF_CHECK(q.erase(id));
    CAF_CHECK(is_unknown(q.erase(id)));
    CAF_CHECK_EQUAL(q.peek(10), "a c");
    CAF_CHECK_EQUAL(q.machine.counts().deleted, 1u);
  }
}

CAF_TEST(a leased message is removed and its lease is unknown from then on) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{{}, role};
    q.push("a");
    auto id = first_id(q);
    auto lease = q.pull_now().lease;
    q.recorded.clear();
    CAF_CHECK(q.erase(id));
    CAF_CHECK_EQUAL(joined(texts(q.recorded)), role.records ? "purged 1" : "");
    CAF_CHECK(!q.ack(lease));
    CAF_CHECK(!q.nack(lease));
    q.advance(60s);
    CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  }
}

CAF_TEST(a compound is removed with its parts and an open window is not ) {
  for (auto role : {queue_role{}, recording}) {
    queue_driver q{with_window(1s), role};
    q.push("a");
    q.push("b");
    auto window = compound_id({1, 1}, role.home);
    CAF_CHECK(is_unknown(q.erase(window)));
    q.advance(1s);
    CAF_CHECK(is_unknown(q.erase({1, 2}))); // a part has no life of its own
    CAF_CHECK(first_id(q) == window);
    q.recorded.clear();
    CAF_CHECK(q.erase(window));
    CAF_CHECK_EQUAL(joined(texts(q.recorded)), role.records ? "purged 1 2" : "");
    CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  }
}

// -- pause

CAF_TEST(a paused queue takes pushes and settles and delivers nothing) {
  queue_driver q;
  q.push("a");
  auto lease = q.pull_now().lease;
  q.configure(paused());
  auto waiter = q.pull();
  q.push("b");
  CAF_CHECK_EQUAL(q.body_for(waiter), "(waits)");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK(q.extend(lease));
  CAF_CHECK(q.nack(lease));
  CAF_CHECK_EQUAL(q.peek(10), "b a");
  q.configure(paused(false));
  CAF_CHECK_EQUAL(q.body_for(waiter), "b");
  CAF_CHECK_EQUAL(q.body_now(), "a");
}

CAF_TEST(a pull that waits at a paused queue ends when its time is up) {
  queue_driver q{paused()};
  q.push("a");
  auto waiter = q.pull(2s);
  q.advance(1s);
  CAF_CHECK_EQUAL(q.body_for(waiter), "(waits)");
  q.advance(1s);
  CAF_CHECK_EQUAL(q.body_for(waiter), "(nothing)");
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
}

CAF_TEST(a paused queue offers nothing until it is resumed) {
  queue_driver q{paused()};
  q.push("a");
  CAF_CHECK(!q.watch());
  q.push("b");
  CAF_CHECK(q.offers.empty());
  CAF_CHECK_EQUAL(q.take().body, "(nothing)");
  q.configure(paused(false));
  CAF_CHECK_EQUAL(q.offers.size(), 1u);
  CAF_CHECK_EQUAL(q.take().body, "a");
}

CAF_TEST(an offer that was under way when the queue was paused brings nothing) {
  queue_driver q;
  q.watch();
  q.push("a");
  auto waiter = q.pull();
  q.configure(paused());
  q.yield();
  CAF_CHECK_EQUAL(q.body_for(waiter), "(waits)");
  q.configure(paused(false));
  CAF_CHECK_EQUAL(q.offers.size(), 1u);
  q.yield();
  CAF_CHECK_EQUAL(q.body_for(waiter), "a");
}

CAF_TEST(a lease that ends while the queue is paused spends a retry as always) {
  queue_driver q{with({.timeout = 1s})};
  q.push("a");
  q.pull_now();
  auto p = paused();
  p.timeout = 1s;
  q.configure(p);
  q.advance(1s);
  auto seen = q.machine.peek(1, q.now);
  CAF_CHECK_EQUAL(seen.at(0).retries_left, 1u);
}
