// A queue machine whose indexes were spoilt: the invariants tell, and rebuilding saves all messages.
#define CAF_SUITE queue_rebuild

#include "queue_corruption.hpp"
#include "queue_driver.hpp"

#include <functional>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using corruption = std::function<void(queue_machine&)>;

/// Two ready, two leased, a window with two parts.
struct busy_queue : queue_driver {
  explicit busy_queue(queue_role role = {}) : queue_driver(with({.retry = 3, .timeout = 60s}), role) {
    for (const auto* body : {"leased 1", "leased 2", "ready 1", "ready 2"})
      push(body);
    first = pull_now();
    second = pull_now();
    configure(with({.accum = 10s, .retry = 3, .timeout = 60s}));
    push("part 1");
    push("part 2");
  }

  pull_fate first, second;
};

void check_that_all_is_there(busy_queue& q) {
  CAF_CHECK_EQUAL(broken_invariant(q.machine).value_or("none"), "none");
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 5u);
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 2u);
  CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 1u);
  // Leases are honoured, order and windows are as they were.
  CAF_CHECK(q.ack(q.first.lease));
  CAF_CHECK(q.push("part 3") == push_outcome::joined);
  CAF_CHECK_EQUAL(q.body_now(), "ready 1");
  CAF_CHECK(q.nack(q.second.lease));
  CAF_CHECK_EQUAL(q.body_now(), "ready 2");
  auto again = q.pull_now();
  CAF_CHECK_EQUAL(again.body, "leased 2");
  CAF_CHECK_EQUAL(again.retries_left, 2u);
  q.advance(10s);
  CAF_CHECK_EQUAL(q.body_now(), "[part 1|part 2|part 3]");
  q.advance(24h);
  for (int i = 0; i < 20; ++i, q.advance(60s))
    q.pull_now();
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, 0u);
}

void spoil_and_rebuild(const corruption& spoil) {
  for (bool records : {false, true}) {
    busy_queue q({home_tag{1}, records});
    spoil(q.machine);
    CAF_CHECK(broken_invariant(q.machine).has_value());
    q.machine.rebuild();
    check_that_all_is_there(q);
  }
}

} // namespace

CAF_TEST(a whole machine is the same after a rebuild) {
  for (bool records : {false, true}) {
    busy_queue q({home_tag{1}, records});
    q.machine.rebuild();
    check_that_all_is_there(q);
  }
}

CAF_TEST(lost leases come back from their messages) {
  spoil_and_rebuild(queue_corruption::forget_leases);
}
CAF_TEST(a wrong count is counted again) {
  spoil_and_rebuild(queue_corruption::count_a_lease_too_many);
}
CAF_TEST(pushes that were miscounted are balanced) {
  spoil_and_rebuild(queue_corruption::miscount_pushes);
}
CAF_TEST(a forgotten window is found again) {
  spoil_and_rebuild(queue_corruption::forget_the_window);
}
CAF_TEST(a leased message among the ready ones goes back) {
  spoil_and_rebuild(queue_corruption::put_a_leased_message_among_the_ready);
}
CAF_TEST(a ready message among the leased ones goes back) {
  spoil_and_rebuild(queue_corruption::put_a_ready_message_among_the_leased);
}
CAF_TEST(a sequence that began again goes on behind what is there) {
  spoil_and_rebuild(queue_corruption::begin_the_sequence_again);
}
CAF_TEST(a message that disagrees with its place is ready since its place says) {
  spoil_and_rebuild(queue_corruption::move_a_ready_message_in_time);
}

CAF_TEST(names are found again where facts are recorded) {
  for (auto spoil : {queue_corruption::forget_a_name, queue_corruption::know_somebody_else}) {
    busy_queue q({home_tag{1}, true});
    spoil(q.machine);
    CAF_CHECK(broken_invariant(q.machine).has_value());
    q.machine.rebuild();
    check_that_all_is_there(q);
  }
}

CAF_TEST(windows that were taken over stay what they are beside the open one) {
  for (auto spoil : {queue_corruption::take_a_window_for_the_open_one, queue_corruption::forget_the_window,
                     queue_corruption::forget_leases}) {
    busy_queue q({home_tag{1}, true});
    effects out;
    for (std::uint64_t n : {101, 102}) {
      auto parts = std::make_shared<const compound>(compound{{{1, n}, {payload::copy_of("", "x"), nullptr}}});
      q.machine.adopt({{5, n}, parts, {0, 3, false, {}, {}}, 10min}, q.now, out);
    }
    CAF_CHECK(!broken_invariant(q.machine));
    spoil(q.machine);
    CAF_CHECK(broken_invariant(q.machine).has_value());
    q.machine.rebuild();
    CAF_CHECK_EQUAL(broken_invariant(q.machine).value_or("none"), "none");
    CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 3u);
    CAF_CHECK(q.push("part 3") == push_outcome::joined);
    CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 3u);
    q.machine.forget({{message_id{1, 101}, message_id{1, 102}}}, q.now, out);
    CAF_CHECK_EQUAL(q.machine.sizes().accumulating, 1u);
  }
}

CAF_TEST(who waits is forgotten by a rebuild and named) {
  queue_driver q;
  auto waiting = q.pull(5s);
  queue_corruption::lose_a_waiters_deadline(q.machine);
  CAF_CHECK(broken_invariant(q.machine).has_value());
  CAF_CHECK(q.machine.rebuild() == std::vector<waiter_id>{waiting});
  CAF_CHECK(!broken_invariant(q.machine).has_value());
  CAF_CHECK_EQUAL(q.machine.sizes().waiters, 0u);
  q.push("a");
  CAF_CHECK_EQUAL(q.body_for(waiting), "(waits)");
  CAF_CHECK_EQUAL(q.body_now(), "a");
}
