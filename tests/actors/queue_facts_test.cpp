// What a queue machine records, verb by verb; and leases that it never heard of.
#define CAF_SUITE queue_facts

#include "fact_text.hpp"
#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

/// A queue that records, and what it has recorded since it was asked last.
struct recording_queue : queue_driver {
  explicit recording_queue(settings s = {}) : queue_driver(with(s), {home_tag{7}, true}) {}

  std::string facts() {
    auto all = joined(texts(recorded));
    recorded.clear();
    return all;
  }
};

} // namespace

CAF_TEST(a machine that does not record says nothing) {
  queue_driver q;
  q.push("a");
  q.ack(q.pull_now().lease);
  CAF_CHECK(q.recorded.empty());
}

CAF_TEST(a message is put and leased and settled) {
  recording_queue q({.retry = 2, .timeout = 30s});
  q.push("a");
  CAF_CHECK_EQUAL(q.facts(), "put 1 retries 2");
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(q.facts(), "leased 1#1@7 for 30000 ms");
  CAF_CHECK(got.lease == (lease_id{{1, 1}, 1, home_tag{7}}));
  CAF_CHECK(q.ack(got.lease));
  CAF_CHECK_EQUAL(q.facts(), "settled 1");
  CAF_CHECK(!q.ack(got.lease));
  CAF_CHECK_EQUAL(q.facts(), "");
}

CAF_TEST(a lease is recorded before its delivery) {
  queue_machine m{properties{}, {home_tag{7}, true}};
  effects out;
  time_point now{};
  m.push({1, 1}, {payload::copy_of("", "a"), nullptr}, now, out);
  m.pull(waiter_id{1}, std::nullopt, now, out);
  m.tick(now, out);
  CAF_REQUIRE_EQUAL(out.size(), 3u);
  CAF_CHECK(std::holds_alternative<facts::put>(std::get<record>(out[0]).what));
  CAF_CHECK(std::holds_alternative<facts::leased>(std::get<record>(out[1]).what));
  CAF_CHECK(std::holds_alternative<deliver>(out[2]));
}

CAF_TEST(every end of a delivery is told with what is left) {
  recording_queue q({.retry = 1, .timeout = 10s});
  q.push("a");
  auto first = q.pull_now();
  q.facts();
  q.give_back(first.lease);
  CAF_CHECK_EQUAL(q.facts(), "ended 1#1@7 retries 1 in place");
  auto second = q.pull_now();
  CAF_CHECK(q.extend(second.lease));
  CAF_CHECK_EQUAL(q.facts(), "leased 1#2@7 for 10000 ms; leased 1#2@7 for 10000 ms");
  CAF_CHECK(q.nack(second.lease));
  CAF_CHECK_EQUAL(q.facts(), "ended 1#2@7 retries 0");
  q.pull_now();
  q.facts();
  q.advance(10s);
  CAF_CHECK_EQUAL(q.facts(), "ended 1#3@7 retries 0 exhausted");
  q.pull_now();
  CAF_CHECK_EQUAL(q.facts(), "discarded 1");
}

CAF_TEST(the parts of a window are put into it and it is closed with their list) {
  recording_queue q({.accum = 10s, .retry = 3, .timeout = 60s});
  q.push("a");
  q.advance(4s);
  q.push("b");
  CAF_CHECK_EQUAL(q.facts(), "put 1 retries 3 in [1] for 10000 ms; put 2 retries 3 in [1] for 6000 ms");
  q.configure(with({.retry = 9, .timeout = 60s}));
  q.push("c"); // into the open window, with its retries
  CAF_CHECK_EQUAL(q.facts(), "put 3 retries 3 in [1] for 6000 ms");
  q.advance(6s);
  CAF_CHECK_EQUAL(q.facts(), "closed [1] retries 3 with 1 2 3");
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(got.body, "[a|b|c]");
  CAF_CHECK(got.lease.message == compound_id({1, 1}, home_tag{7}));
  CAF_CHECK(q.ack(got.lease));
  CAF_CHECK_EQUAL(q.facts(), "leased [1]#1@7 for 60000 ms; settled 1 2 3");
}

CAF_TEST(a compound that is discarded tells all its parts) {
  recording_queue q({.accum = 1s, .retry = 0, .timeout = 5s});
  q.push("a");
  q.push("b");
  q.advance(1s);
  q.nack(q.pull_now().lease);
  q.facts();
  q.pull_now();
  CAF_CHECK_EQUAL(q.facts(), "discarded 1 2");
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(a message that is held already is not taken in again) {
  recording_queue q;
  q.push_as({1, 100}, "a");
  CAF_CHECK(q.push_as({1, 100}, "a") == push_outcome::stored);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 1u);
  auto got = q.pull_now();
  q.push_as({1, 100}, "a");
  CAF_CHECK_EQUAL(q.facts(), "put 100 retries 2; leased 100#1@7 for 30000 ms");
  q.configure(with({.accum = 5s}));
  q.push_as({1, 200}, "b");
  q.push_as({1, 201}, "c");
  CAF_CHECK(q.push_as({1, 201}, "c") == push_outcome::stored);
  q.advance(5s);
  CAF_CHECK_EQUAL(q.body_now(), "[b|c]");
}

CAF_TEST(the end of a queue is no fact) {
  recording_queue q;
  q.push("a");
  q.facts();
  q.close();
  CAF_CHECK_EQUAL(q.facts(), "");
  CAF_CHECK(!q.machine.holds({1, 1}));
}

// -- leases that somebody else has made, and did not live to tell

CAF_TEST(a lease nobody told of settles its message) {
  recording_queue q;
  q.push("a");
  q.facts();
  CAF_CHECK(q.ack({{1, 1}, 1, home_tag{3}}));
  CAF_CHECK_EQUAL(q.facts(), "settled 1");
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
}

CAF_TEST(a lease nobody told of overtakes the one that is known) {
  recording_queue q;
  q.push("a");
  auto known = q.pull_now();
  q.facts();
  lease_id untold{{1, 1}, 2, home_tag{3}};
  CAF_CHECK(q.extend(untold));
  CAF_CHECK_EQUAL(q.facts(), "leased 1#2@3 for 30000 ms");
  CAF_CHECK(!q.ack(known.lease));
  q.advance(30s - 1ns);
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  CAF_CHECK(q.ack(untold));
  CAF_CHECK_EQUAL(q.facts(), "settled 1");
}

CAF_TEST(a delivery nobody told of that failed spends one retry) {
  recording_queue q({.retry = 1});
  q.push("a");
  q.push("b");
  q.facts();
  CAF_CHECK(q.nack({{1, 1}, 4, home_tag{3}}));
  CAF_CHECK_EQUAL(q.facts(), "leased 1#4@3 for 30000 ms; ended 1#4@3 retries 0");
  CAF_CHECK_EQUAL(q.body_now(), "b"); // it went behind what is ready
  auto again = q.pull_now();
  CAF_CHECK_EQUAL(again.body, "a");
  CAF_CHECK(again.lease == (lease_id{{1, 1}, 5, home_tag{7}}));
}

CAF_TEST(a lease is not honoured under a number that is known) {
  recording_queue q;
  q.push("a");
  auto got = q.pull_now();
  CAF_CHECK(!q.ack({{1, 1}, 1, home_tag{3}})); // another home's, as old as ours
  CAF_CHECK(!q.ack({{1, 1}, 0, home_tag{3}}));
  CAF_CHECK(q.nack(got.lease));
  CAF_CHECK(!q.ack(got.lease));
  CAF_CHECK(!q.ack({{1, 1}, 1, home_tag{3}}));
  CAF_CHECK(!q.ack({{1, 2}, 5, home_tag{3}})); // a message that is not here
}

CAF_TEST(a lease on what is no unit or on an open window is not honoured) {
  recording_queue q({.accum = 10s});
  q.push("a");
  q.push("b");
  CAF_CHECK(!q.ack({compound_id({1, 1}, home_tag{7}), 1, home_tag{3}}));
  q.advance(10s);
  CAF_CHECK(!q.ack({{1, 1}, 1, home_tag{3}}));
  CAF_CHECK(!q.ack({{1, 2}, 1, home_tag{3}}));
  CAF_CHECK(q.ack({compound_id({1, 1}, home_tag{7}), 1, home_tag{3}}));
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
}

CAF_TEST(a number no home can have come to is not honoured) {
  recording_queue q;
  q.push("a");
  CAF_CHECK(!q.nack({{1, 1}, 0xffffffff, home_tag{3}}));
  CAF_CHECK(!q.extend({{1, 1}, property_limits::retry_max + 2, home_tag{3}}));
  CAF_CHECK(q.extend({{1, 1}, property_limits::retry_max + 1, home_tag{3}}));
}

CAF_TEST(a machine that does not record honours only what it has made) {
  queue_driver q;
  q.push("a");
  CAF_CHECK(!q.ack({{1, 1}, 1, home_tag{3}}));
  auto got = q.pull_now();
  CAF_CHECK(!q.ack({{1, 1}, 1, home_tag{3}}));
  CAF_CHECK(q.ack(got.lease));
}
