// A queue's side of the conversation with pull_any: watch, offer, take, yield, keep, and how they cross.
#define CAF_SUITE queue_offers

#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t nobody = 0;

using offers = std::vector<std::uint64_t>;

} // namespace

CAF_TEST(a queue that nobody watches offers nothing) {
  queue_driver q;
  q.push("a");
  CAF_CHECK_EQUAL(q.offers, offers{});
}

CAF_TEST(a watched queue offers what becomes ready) {
  queue_driver q;
  CAF_CHECK(!q.watch());
  q.push("a");
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
}

CAF_TEST(watch tells of a message that is ready and does not offer it) {
  queue_driver q;
  q.push("a");
  CAF_CHECK(q.watch());
  CAF_CHECK_EQUAL(q.offers, offers{});
}

CAF_TEST(watch does not count what is exhausted) {
  queue_driver q(with({.retry = 0, .timeout = 30s}));
  q.push("a");
  q.nack(q.pull_now().lease);
  CAF_CHECK(!q.watch());
}

CAF_TEST(an offer names the oldest waiter of the queue) {
  queue_driver q;
  q.watch();
  auto first = q.pull();
  q.pull();
  q.push("a");
  CAF_CHECK_EQUAL(q.offers, offers{static_cast<std::uint64_t>(first)});
  CAF_CHECK_EQUAL(q.body_for(first), "(waits)");
}

CAF_TEST(one offer is under way at a time) {
  queue_driver q;
  q.watch();
  q.push("a");
  q.push("b");
  CAF_CHECK_EQUAL(q.offers, offers{});
  q.pull();
  CAF_CHECK_EQUAL(q.offers, offers{});
}

CAF_TEST(a take gets the message first in line and the next is offered) {
  queue_driver q;
  q.watch();
  q.push("a");
  q.push("b");
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
  CAF_CHECK_EQUAL(q.take().body, "b");
  CAF_CHECK_EQUAL(q.offers, offers{});
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 2u);
}

CAF_TEST(a take that finds nothing is answered with nothing and later messages are offered) {
  queue_driver q;
  q.push("a");
  CAF_CHECK(q.watch());
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK_EQUAL(q.take().body, "(nothing)");
  q.push("b");
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
}

CAF_TEST(a taken message is leased and settled as any other) {
  queue_driver q(with({.timeout = 10s}));
  q.watch();
  q.push("a");
  auto d = q.take();
  CAF_CHECK_EQUAL(d.retries_left, 2u);
  q.advance(10s);
  CAF_CHECK(!q.ack(d.lease));
  CAF_CHECK_EQUAL(q.offers, offers{});
  auto again = q.take();
  CAF_CHECK_EQUAL(again.retries_left, 1u);
  CAF_CHECK(q.ack(again.lease));
}

CAF_TEST(yield serves the oldest waiter and offers the next message) {
  queue_driver q;
  q.watch();
  auto first = q.pull();
  auto second = q.pull();
  q.push("a");
  q.push("b");
  q.yield();
  CAF_CHECK_EQUAL(q.body_for(first), "a");
  CAF_CHECK_EQUAL(q.body_for(second), "(waits)");
  CAF_CHECK_EQUAL(q.offers, offers{static_cast<std::uint64_t>(second)});
}

CAF_TEST(yield offers again when the waiter has gone) {
  queue_driver q;
  q.watch();
  auto w = q.pull();
  q.push("a");
  q.cancel(w);
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
  q.yield();
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
}

CAF_TEST(keep serves the waiters and says no more) {
  queue_driver q;
  q.watch();
  auto first = q.pull();
  auto second = q.pull();
  q.push("a");
  q.keep();
  CAF_CHECK_EQUAL(q.body_for(first), "a");
  q.push("b");
  q.push("c");
  CAF_CHECK_EQUAL(q.body_for(second), "b");
  CAF_CHECK_EQUAL(q.body_now(), "c");
  CAF_CHECK_EQUAL(q.offers, offers{});
}

CAF_TEST(after a keep the next take makes the queue offer again) {
  queue_driver q;
  q.watch();
  q.push("a");
  q.keep();
  q.push("b");
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
}

CAF_TEST(a yield or keep that answers no offer has no effect) {
  queue_driver q;
  q.watch();
  auto w = q.pull();
  q.yield();
  q.keep();
  CAF_CHECK_EQUAL(q.effects_of_last_step, 0u);
  q.push("a");
  CAF_CHECK_EQUAL(q.offers, offers{static_cast<std::uint64_t>(w)});
}

CAF_TEST(a watch voids the offer under way) {
  // Whoever watches now is told by the answer; the offer went to somebody who may be gone.
  queue_driver q;
  q.watch();
  q.push("a");
  CAF_CHECK(q.watch());
  q.yield(); // the answer to the void offer, still under way
  CAF_CHECK_EQUAL(q.effects_of_last_step, 0u);
  CAF_CHECK_EQUAL(q.take().body, "a");
}

CAF_TEST(a watch serves the waiters that an unanswered offer held up) {
  queue_driver q;
  q.watch();
  auto w = q.pull();
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  CAF_CHECK(!q.watch());
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(a waiter whose time is up while its message is on offer is served if it is left to it) {
  queue_driver q;
  q.watch();
  auto w = q.pull(5s);
  q.advance(5s - 1ns);
  q.push("a");
  q.advance(1s);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  CAF_CHECK(!q.machine.next_deadline());
  q.yield();
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(a waiter whose time is up while its message is on offer ends when it is taken) {
  queue_driver q;
  q.watch();
  auto w = q.pull(5s);
  q.push("a");
  q.advance(6s);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
}

CAF_TEST(a pull that does not wait is answered when the offer is) {
  queue_driver q;
  q.watch();
  q.push("a");
  auto w = q.pull(0s);
  CAF_CHECK_EQUAL(q.body_for(w), "(waits)");
  q.keep();
  CAF_CHECK_EQUAL(q.body_for(w), "a");
}

CAF_TEST(a pull that does not wait is answered with nothing when the message is taken) {
  queue_driver q;
  q.watch();
  q.push("a");
  auto w = q.pull(0s);
  q.take();
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
}

CAF_TEST(a cancelled waiter goes at once also while an offer is under way) {
  queue_driver q;
  q.watch();
  auto w = q.pull();
  q.push("a");
  q.cancel(w);
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
  q.keep();
  CAF_CHECK_EQUAL(q.machine.sizes().ready, 1u);
}

CAF_TEST(leases run out while an offer is under way) {
  queue_driver q(with({.timeout = 10s}));
  q.push("a");
  auto a = q.pull_now();
  q.watch();
  q.push("b");
  q.advance(10s);
  CAF_CHECK(!q.ack(a.lease));
  CAF_CHECK_EQUAL(q.take().body, "b");
  CAF_CHECK_EQUAL(q.take().body, "a");
}

CAF_TEST(a message given back while a later one is on offer goes first) {
  queue_driver q;
  q.push("a");
  auto a = q.pull_now();
  q.watch();
  q.push("b");
  q.give_back(a.lease);
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.take().body, "b");
}

CAF_TEST(with a timeout of zero each take of the message is followed by an offer) {
  queue_driver q(with({.retry = 1, .timeout = 0s}));
  q.watch();
  q.push("a");
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.offers, offers{nobody});
  CAF_CHECK_EQUAL(q.take().body, "a");
  CAF_CHECK_EQUAL(q.take().body, "(nothing)");
}

CAF_TEST(an exhausted message is not offered) {
  queue_driver q(with({.retry = 0, .timeout = 10s}));
  q.watch();
  q.push("a");
  q.take();
  q.advance(10s);
  CAF_CHECK_EQUAL(q.offers, offers{});
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(the end of a queue answers waiters that an offer holds up) {
  queue_driver q;
  q.watch();
  auto w = q.pull(5s);
  q.push("a");
  q.close();
  CAF_CHECK_EQUAL(q.body_for(w), "(nothing)");
  CAF_CHECK_EQUAL(q.take().body, "(nothing)");
}
