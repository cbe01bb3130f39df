// That a queue's verbs stay cheap beside a million messages: no verb may look through what is held.
//
// Compares the thread's processor time (not the clock on the wall) of the same steps in a small and a large
// queue. The large one holds a thousand times as much, so that a search would show as a factor of hundreds;
// caches cost a few.
#define CAF_SUITE queue_scale

#include "actors/queue/queue_machine.hpp"

#include <algorithm>
#include <caf/test/unit_test.hpp>
#include <ctime>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t small = 1'000;
constexpr std::uint64_t large = 1'000'000;
constexpr double factor_max = 60;
constexpr int batches = 7;
constexpr int rounds = 500;

/// Of this thread, in nanoseconds.
double processor_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// The quickest of several batches.
template <class Round>
double cost(Round round) {
  auto best = 1e300;
  for (int b = 0; b < batches; ++b) {
    auto begin = processor_time();
    for (int i = 0; i < rounds; ++i)
      round();
    best = std::min(best, processor_time() - begin);
  }
  return best / rounds;
}

struct crowd {
  queue_machine machine{patient()};
  time_point now{};
  std::uint64_t last_message = 0, last_waiter = 0;
  effects out;
  message body{payload::copy_of("text/plain", "body"), nullptr};

  static properties patient() {
    properties p;
    p.timeout = 1h;
    p.retry = property_limits::retry_max;
    return p;
  }

  void push() {
    out.clear();
    machine.push({1, ++last_message}, body, now += 1ns, out);
    machine.tick(now, out);
  }
  lease_id pull() {
    out.clear();
    machine.pull(waiter_id{++last_waiter}, now += 1ns, now, out);
    machine.tick(now, out);
    return std::get<deliver>(out.at(0)).what.lease;
  }
};

/// Half ready, half leased.
crowd with_messages(std::uint64_t count) {
  crowd c;
  for (std::uint64_t i = 0; i < count; ++i)
    c.push();
  for (std::uint64_t i = 0; i < count / 2; ++i)
    c.pull();
  return c;
}

double cost_of_messages(std::uint64_t count) {
  auto c = std::make_unique<crowd>(with_messages(count));
  return cost([&c = *c] {
    c.push();
    effects out;
    bool honoured = c.machine.nack(c.pull(), c.now, out).has_value();
    c.machine.give_back(c.pull(), c.now, out);
    auto lease = c.pull();
    honoured = c.machine.extend(lease, c.now, out) && honoured;
    c.machine.tick(c.now, out);
    honoured = c.machine.ack(lease, c.now, out) && honoured;
    if (!honoured || !c.machine.next_deadline() || c.machine.sizes().messages() == 0)
      CAF_FAIL("the steps did not do what they should");
  });
}

double cost_of_waiters(std::uint64_t count) {
  crowd c;
  auto wait = [&] {
    c.out.clear();
    c.machine.pull(waiter_id{++c.last_waiter}, c.now + 1h, c.now += 1ns, c.out);
    return waiter_id{c.last_waiter};
  };
  for (std::uint64_t i = 0; i < count; ++i)
    wait();
  auto each = cost([&] {
    c.machine.cancel(wait(), c.now, c.out);
    wait();
    c.push(); // goes to the oldest
    c.machine.tick(c.now, c.out);
  });
  CAF_CHECK_EQUAL(c.machine.sizes().waiters, count);
  return each;
}

} // namespace

CAF_TEST(verbs do not look through a million messages) {
  auto few = cost_of_messages(small);
  auto many = cost_of_messages(large);
  CAF_MESSAGE("ns a round: " << few << " beside " << small << ", " << many << " beside " << large);
  CAF_CHECK(many < few * factor_max);
}

CAF_TEST(verbs do not look through many waiters) {
  auto few = cost_of_waiters(small);
  auto many = cost_of_waiters(large);
  CAF_MESSAGE("ns a round: " << few << " beside " << small << ", " << many << " beside " << large);
  CAF_CHECK(many < few * factor_max);
}
