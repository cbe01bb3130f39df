// What a queue machine takes in from other copies, and what it lets go of.
#define CAF_SUITE queue_handover

#include "fact_text.hpp"
#include "queue_contents.hpp"
#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr home_tag here{7};
constexpr home_tag there{3};

message_id id(std::uint64_t counter) {
  return {1, counter};
}

message text(const std::string& body) {
  return {payload::copy_of("t", body), nullptr};
}

parcel compound_of(std::initializer_list<std::uint64_t> ids) {
  auto parts = std::make_shared<compound>();
  for (auto n : ids)
    parts->push_back({id(n), text(std::to_string(n))});
  return std::shared_ptr<const compound>{parts};
}

/// A queue that records, at home here.
struct home_queue : queue_driver {
  explicit home_queue(settings s = {}) : queue_driver(with(s), {here, true}) {}

  /// As an actor that serves does it.
  void adopt(const held_unit& u) {
    effects out;
    machine.adopt(u, now, out);
    CAF_CHECK(out.empty());
    CAF_CHECK(!broken_invariant(machine));
    tick();
  }
  void adopt(std::uint64_t counter, delivery_state s = {0, 2, false, {}, {}}) {
    adopt({id(counter), text(std::to_string(counter)), s, {}});
  }
  void forget(std::vector<message_id> ids, facts::settled::cause why = facts::settled::cause::ack) {
    effects out;
    machine.forget({std::move(ids), why}, now, out);
    CAF_CHECK(out.empty());
    CAF_CHECK(!broken_invariant(machine));
    tick();
  }
  std::string facts() {
    auto all = joined(texts(recorded));
    recorded.clear();
    return all;
  }
};

delivery_state leased(std::uint32_t deliveries, duration left, home_tag by = there) {
  return {deliveries, 2, false, by, left};
}

delivery_state ended(std::uint32_t deliveries, std::uint32_t retries_left, home_tag by = there) {
  return {deliveries, retries_left, false, by, {}};
}

} // namespace

// -- what is new here

CAF_TEST(what is ready elsewhere is ready behind what is ready here) {
  home_queue q;
  q.push_as(id(50), "mine");
  q.adopt(1);
  q.adopt(2, ended(3, 1));
  CAF_CHECK_EQUAL(q.body_now(), "mine");
  CAF_CHECK_EQUAL(q.body_now(), "1");
  auto third = q.pull_now();
  CAF_CHECK_EQUAL(third.body, "2");
  CAF_CHECK(third.lease == (lease_id{id(2), 4, here}));
  CAF_CHECK_EQUAL(third.retries_left, 1u);
}

CAF_TEST(what is taken in is recorded by nobody but what becomes of it) {
  home_queue q;
  q.adopt(1);
  CAF_CHECK_EQUAL(q.facts(), "");
  q.ack(q.pull_now().lease);
  CAF_CHECK_EQUAL(q.facts(), "leased 1#1@7 for 30000 ms; settled 1");
}

CAF_TEST(what is taken in goes to whoever waits) {
  home_queue q;
  auto waiting = q.pull();
  q.adopt(1);
  CAF_CHECK_EQUAL(q.body_for(waiting), "1");
}

CAF_TEST(a lease that was made elsewhere holds for what is left of it) {
  home_queue q;
  q.adopt(1, leased(4, 5s));
  lease_id lease{id(1), 4, there};
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  CAF_CHECK(!q.ack({id(1), 4, here}));
  q.advance(5s - 1ns);
  CAF_CHECK(q.extend(lease));
  CAF_CHECK_EQUAL(q.facts(), "leased 1#4@3 for 30000 ms");
  q.advance(30s);
  CAF_CHECK_EQUAL(q.facts(), "ended 1#4@3 retries 1");
  CAF_CHECK(!q.ack(lease));
  CAF_CHECK_EQUAL(q.body_now(), "1");
}

CAF_TEST(a message that is exhausted elsewhere is discarded here) {
  home_queue q;
  q.adopt(1, {3, 0, true, there, {}});
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.facts(), "discarded 1");
}

CAF_TEST(a compound keeps its name and its lease) {
  home_queue q;
  auto name = compound_id(id(1), there);
  q.adopt({name, compound_of({1, 2}), leased(1, 5s), {}});
  CAF_CHECK(q.machine.holds(id(1)));
  CAF_CHECK(q.machine.holds(id(2)));
  CAF_CHECK(q.ack({name, 1, there}));
  CAF_CHECK_EQUAL(q.facts(), "settled 1 2");
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

// -- windows

CAF_TEST(a window that was opened elsewhere ends at its time and nobody joins it) {
  home_queue q({.accum = 10s, .timeout = 60s});
  q.adopt({compound_id(id(1), there), compound_of({1, 2}), {0, 5, false, {}, {}}, 4s});
  CAF_CHECK(q.push_as(id(50), "mine") == push_outcome::opened);
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 2u);
  CAF_CHECK_EQUAL(q.facts(), "put 50 retries 2 in [50] for 10000 ms");
  q.advance(4s);
  CAF_CHECK_EQUAL(q.facts(), "closed [1] retries 5 with 1 2");
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(got.body, "[1|2]");
  CAF_CHECK(got.lease.message == compound_id(id(1), here));
  CAF_CHECK(q.push_as(id(51), "mine too") == push_outcome::joined);
  q.advance(6s);
  CAF_CHECK_EQUAL(q.body_now(), "[mine|mine too]");
}

CAF_TEST(an open window goes on growing while others are taken in) {
  home_queue q({.accum = 10s});
  q.push_as(id(50), "a");
  for (std::uint64_t n = 1; n < 20; ++n)
    q.adopt({compound_id(id(n), there), compound_of({n}), {0, 2, false, {}, {}}, n * 1s});
  CAF_CHECK(q.push_as(id(51), "b") == push_outcome::joined);
  q.advance(10s);
  for (int n = 1; n < 10; ++n)
    CAF_CHECK_EQUAL(q.body_now(), "[" + std::to_string(n) + "]");
  CAF_CHECK_EQUAL(q.body_now(), "[a|b]"); // it began first, and ended with the tenth
  CAF_CHECK_EQUAL(q.body_now(), "[10]");
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 9u);
}

CAF_TEST(a window that is heard of twice is one window) {
  home_queue q;
  held_unit w{compound_id(id(1), there), compound_of({1, 2}), {0, 2, false, {}, {}}, 4s};
  q.adopt(w);
  q.adopt(w);
  w.content = compound_of({1, 2, 3}); // a body came late
  q.adopt(w);
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 1u);
  q.advance(4s);
  CAF_CHECK_EQUAL(q.body_now(), "[1|2|3]");
}

// -- what is here already

CAF_TEST(more deliveries win whatever became of them) {
  home_queue q;
  q.push_as(id(1), "a");
  auto mine = q.pull_now();
  q.adopt(1, ended(2, 1));
  CAF_CHECK(!q.ack(mine.lease));
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
  q.adopt(1, leased(3, 9s));
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  q.adopt(1, ended(2, 1)); // late
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  CAF_CHECK(q.ack({id(1), 3, there}));
}

CAF_TEST(of one delivery the end wins over the lease) {
  home_queue q;
  q.adopt(1, leased(1, 9s));
  q.adopt(1, ended(1, 1));
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
  q.adopt(1, leased(1, 20s));
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 1u);
}

CAF_TEST(of two leases of one number the greater tag wins and of one lease the later end) {
  home_queue q;
  q.adopt(1, leased(1, 9s, home_tag{3}));
  q.adopt(1, leased(1, 2s, home_tag{5}));
  CAF_CHECK(!q.extend({id(1), 1, home_tag{3}}));
  q.adopt(1, leased(1, 8s, home_tag{3}));
  q.adopt(1, leased(1, 4s, home_tag{5}));
  q.adopt(1, leased(1, 3s, home_tag{5}));
  q.advance(4s - 1ns);
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  q.advance(1ns);
  CAF_CHECK_EQUAL(q.facts(), "ended 1#1@5 retries 1");
}

CAF_TEST(the fewer retries of two copies are left) {
  home_queue q({.retry = 3});
  q.push_as(id(1), "a");
  q.adopt(1, {0, 1, false, {}, {}});
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(got.retries_left, 1u);
  q.adopt(1, {0, 9, false, {}, {}});
  q.nack(got.lease);
  CAF_CHECK_EQUAL(q.pull_now().retries_left, 0u);
}

CAF_TEST(the messages of a unit that is here are not taken in twice) {
  home_queue q;
  q.push_as(id(1), "mine");
  q.adopt(1);
  q.adopt({compound_id(id(1), there), compound_of({1, 2}), {0, 2, false, {}, {}}, {}});
  q.adopt(2); // it is a part of that
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 2u);
  CAF_CHECK_EQUAL(q.body_now(), "mine");
  auto rest = q.pull_now();
  CAF_CHECK_EQUAL(rest.body, "[2]");
  CAF_CHECK(rest.lease.message == compound_id(id(1), there));
}

CAF_TEST(parts that a delivered compound lacks become one of their own) {
  home_queue q;
  auto name = compound_id(id(1), there);
  q.adopt({name, compound_of({1, 2}), {0, 2, false, {}, {}}, {}});
  q.adopt({name, compound_of({1, 2, 3}), {0, 2, false, {}, {}}, {}}); // late, and nobody had it yet
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(got.body, "[1|2|3]");
  q.facts();
  q.adopt({name, compound_of({1, 2, 3, 4}), {0, 2, false, {}, {}}, {}}); // late, and somebody has it without
  CAF_CHECK_EQUAL(q.facts(), "closed [4] retries 2 with 4");
  CAF_CHECK(q.ack(got.lease));
  CAF_CHECK_EQUAL(q.facts(), "settled 1 2 3");
  CAF_CHECK_EQUAL(q.body_now(), "[4]");
}

// -- letting go

CAF_TEST(a message that was settled elsewhere is gone whatever its state) {
  home_queue q;
  q.push_as(id(1), "ready");
  q.push_as(id(2), "leased");
  auto first = q.pull_now();
  q.forget({id(1), id(2), id(99)});
  CAF_CHECK_EQUAL(q.facts(), "put 1 retries 2; put 2 retries 2; leased 1#1@7 for 30000 ms");
  CAF_CHECK(!q.ack(first.lease));
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
  CAF_CHECK(!q.machine.holds(id(1)));
}

CAF_TEST(what was purged elsewhere counts as deleted and what was acknowledged there does not ) {
  home_queue q;
  q.push_as(id(1), "leased");
  q.pull_now();
  q.push_as(id(2), "ready");
  q.forget({id(1)}, facts::settled::cause::purge);
  CAF_CHECK_EQUAL(q.machine.counts().deleted, 1u);
  CAF_CHECK_EQUAL(q.machine.counts().settled_elsewhere, 0u);
  q.forget({id(2)});
  CAF_CHECK_EQUAL(q.machine.counts().deleted, 1u);
  CAF_CHECK_EQUAL(q.machine.counts().settled_elsewhere, 1u);
}

CAF_TEST(a compound loses what was settled elsewhere and goes with its last part) {
  home_queue q({.accum = 5s});
  for (std::uint64_t n : {1, 2, 3})
    q.push_as(id(n), std::to_string(n));
  q.advance(5s);
  auto got = q.pull_now();
  q.forget({id(2)});
  q.nack(got.lease);
  auto again = q.pull_now();
  CAF_CHECK_EQUAL(again.body, "[1|3]");
  CAF_CHECK(again.lease.message == got.lease.message);
  q.forget({id(3), id(1)});
  CAF_CHECK(!q.ack(again.lease));
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(an open window goes on without what was settled elsewhere) {
  home_queue q({.accum = 5s});
  q.push_as(id(1), "1");
  q.push_as(id(2), "2");
  q.forget({id(1)});
  CAF_CHECK(q.push_as(id(3), "3") == push_outcome::joined);
  q.forget({id(2), id(3)});
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 0u);
  CAF_CHECK(q.push_as(id(4), "4") == push_outcome::opened);
  q.advance(5s);
  CAF_CHECK_EQUAL(q.body_now(), "[4]");
}

CAF_TEST(the name of a compound is not given twice) {
  home_queue q({.accum = 5s, .timeout = 60s});
  q.push_as(id(1), "1");
  q.push_as(id(2), "2");
  q.advance(5s);
  q.forget({id(1)});
  q.push_as(id(1), "1 again");
  q.advance(5s);
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 2u);
  auto first = q.pull_now();
  auto second = q.pull_now();
  CAF_CHECK_EQUAL(first.body + second.body, "[2][1 again]");
  CAF_CHECK(first.lease.message != second.lease.message);
}

CAF_TEST(a large compound is forgotten in one go) {
  home_queue q({.accum = 5s});
  std::vector<message_id> ids;
  for (std::uint64_t n = 1; n <= 20'000; ++n)
    ids.push_back(id(n));
  for (auto one : ids) {
    effects out;
    q.machine.push(one, text("x"), q.now, out);
  }
  auto begun = std::chrono::steady_clock::now();
  effects out;
  q.machine.forget({ids}, q.now, out);
  CAF_CHECK(std::chrono::steady_clock::now() - begun < 2s); // part by part it would be 200 million copies
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

CAF_TEST(a queue that is dropped has nothing and can begin again) {
  home_queue q({.accum = 5s, .retry = 4});
  q.adopt(1, leased(1, 9s));
  q.adopt(2);
  q.push_as(id(3), "in a window");
  auto waits = q.pull();
  CAF_CHECK_EQUAL(q.body_for(waits), "2");
  auto waiting = q.pull(60s);
  q.watch();
  q.facts();
  q.machine.drop();
  CAF_CHECK(!broken_invariant(q.machine));
  CAF_CHECK_EQUAL(q.machine.sizes().messages() + q.machine.sizes().waiters, 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
  CAF_CHECK(!q.machine.next_deadline());
  CAF_CHECK_EQUAL(q.machine.in_force().retry, 4u);
  q.advance(60s);
  CAF_CHECK_EQUAL(q.body_for(waiting), "(waits)");
  q.adopt(1, leased(1, 9s));
  CAF_CHECK(q.ack({id(1), 1, there}));
  CAF_CHECK_EQUAL(q.facts(), "settled 1");
}
