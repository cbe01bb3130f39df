// The deadline wheel, with time handed in: against sentences, and against a naive list.
#define CAF_SUITE deadline_wheel

#include <caf/test/unit_test.hpp>

#include "event_loop/deadline_wheel.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using time_point = deadline_wheel::time_point;

constexpr auto tick = deadline_wheel::granularity;

/// Has one deadline and does as told when it passes.
struct owner final : deadline_owner {
  void on_deadline(deadline& which) noexcept override {
    CAF_CHECK(&which == &late);
    CAF_CHECK(!late.armed());
    ++passed;
    if (then)
      then();
  }

  deadline late{*this};
  int passed = 0;
  std::function<void()> then;
};

struct fixture {
  time_point start = time_point{} + 1000s + 7ns; // not on a tick of the clock's own zero
  deadline_wheel wheel{start};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(deadline_wheel_tests, fixture)

CAF_TEST(a deadline passes never early and less than one tick late) {
  for (auto due : {1ns, 99'999'999ns, 100'000'000ns, 100'000'001ns, 5'000'000'000ns}) {
    deadline_wheel w{start};
    owner o;
    w.arm(o.late, start + due);
    w.advance(start + due - 1ns);
    CAF_CHECK_EQUAL(o.passed, 0);
    w.advance(start + due + tick - 1ns);
    CAF_CHECK_EQUAL(o.passed, 1);
    w.advance(start + 1h);
    CAF_CHECK_EQUAL(o.passed, 1);
  }
}

CAF_TEST(an instant that has passed is due at the next tick) {
  owner o;
  wheel.advance(start + 10s);
  wheel.arm(o.late, start + 1s);
  CAF_CHECK(*wheel.next() == start + 10s + tick);
  wheel.advance(start + 10s + tick);
  CAF_CHECK_EQUAL(o.passed, 1);
}

CAF_TEST(an empty wheel wants no call) {
  owner o;
  CAF_CHECK(!wheel.next());
  wheel.arm(o.late, start + 1s);
  CAF_CHECK(*wheel.next() == start + 1s);
  CAF_CHECK_EQUAL(wheel.size(), 1u);
  o.late.cancel();
  o.late.cancel();
  CAF_CHECK(!wheel.next());
  wheel.advance(start + 2s);
  CAF_CHECK_EQUAL(o.passed, 0);
}

CAF_TEST(moving a deadline to later leaves it where it is until that comes up) {
  owner o;
  wheel.arm(o.late, start + 1s);
  for (int i = 0; i < 100; ++i)
    wheel.arm(o.late, start + 1s + i * 100ms);
  CAF_CHECK(*wheel.next() == start + 1s);
  wheel.advance(start + 1s);
  CAF_CHECK_EQUAL(o.passed, 0);
  CAF_CHECK(*wheel.next() == start + 1s + 9900ms);
  wheel.advance(start + 1s + 9900ms);
  CAF_CHECK_EQUAL(o.passed, 1);
}

CAF_TEST(moving a deadline to earlier counts at once) {
  owner o;
  wheel.arm(o.late, start + 30s);
  wheel.arm(o.late, start + 2s);
  CAF_CHECK(*wheel.next() == start + 2s);
  CAF_CHECK_EQUAL(wheel.size(), 1u);
  wheel.advance(start + 2s);
  CAF_CHECK_EQUAL(o.passed, 1);
}

CAF_TEST(a deadline beyond the wheel passes in time) {
  owner o;
  wheel.arm(o.late, start + 10min);
  int calls = 0;
  while (o.passed == 0) {
    CAF_REQUIRE(++calls < 100);
    auto now = *wheel.next();
    CAF_REQUIRE(now <= start + 10min);
    wheel.advance(now);
  }
  CAF_CHECK_EQUAL(calls, 12); // 51.2 s a round
}

CAF_TEST(the end of time is an instant like others) {
  owner o;
  wheel.arm(o.late, time_point::max());
  wheel.advance(start + 1h);
  CAF_CHECK_EQUAL(o.passed, 0);
  CAF_CHECK(o.late.armed());
}

CAF_TEST(a deadline may be armed again when it passes but not for the same call) {
  owner o;
  o.then = [&] { wheel.arm(o.late, start); };
  wheel.arm(o.late, start + 1s);
  wheel.advance(start + 2s);
  CAF_CHECK_EQUAL(o.passed, 1);
  wheel.advance(start + 2s + tick);
  CAF_CHECK_EQUAL(o.passed, 2);
}

CAF_TEST(a deadline that passes may cancel and move and destroy those that pass with it) {
  owner first;
  owner cancelled;
  owner moved;
  auto destroyed = std::make_unique<owner>();
  auto itself = std::make_unique<owner>();
  first.then = [&] {
    cancelled.late.cancel();
    wheel.arm(moved.late, start + 5s);
    destroyed.reset();
  };
  itself->then = [&] { itself.reset(); };
  for (auto* o : {&first, &cancelled, &moved, destroyed.get(), itself.get()})
    wheel.arm(o->late, start + 1s);
  wheel.advance(start + 1s);
  CAF_CHECK_EQUAL(first.passed, 1);
  CAF_CHECK_EQUAL(cancelled.passed, 0);
  CAF_CHECK_EQUAL(moved.passed, 0);
  CAF_CHECK(!itself);
  CAF_CHECK_EQUAL(wheel.size(), 1u);
  wheel.advance(start + 5s);
  CAF_CHECK_EQUAL(moved.passed, 1);
}

CAF_TEST(deadlines of a wheel that goes are no longer armed) {
  owner o;
  {
    deadline_wheel w{start};
    w.arm(o.late, start + 1s);
  }
  CAF_CHECK(!o.late.armed());
  wheel.arm(o.late, start + 1s);
  CAF_CHECK(o.late.armed());
}

CAF_TEST(random steps agree with a naive list) {
  struct model {
    owner o;
    std::optional<std::int64_t> due; ///< the tick
    int passed = 0;
  };
  for (int round = 0; round < 10; ++round) {
    auto seed = std::random_device{}();
    std::cout << "seed " << seed << "\n";
    std::mt19937 random{seed};
    deadline_wheel w{start};
    std::deque<model> all(50);
    auto now = start;
    auto tick_at = [&](time_point t) { return (t - start) / tick; };
    for (int step = 0; step < 5000; ++step) {
      auto& m = all[random() % all.size()];
      switch (random() % 4) {
      case 0:
      case 1: {
        // Mostly near, at times beyond the wheel, at times in the past.
        auto range = random() % 10 == 0 ? 200'000 : 2'000;
        auto at = now + std::chrono::milliseconds(static_cast<int>(random() % range) - 100);
        w.arm(m.o.late, at);
        m.due = std::max(tick_at(std::max(at, start) + tick - 1ns), tick_at(now) + 1);
        break;
      }
      case 2:
        m.o.late.cancel();
        m.due.reset();
        break;
      default: {
        auto next = w.next();
        if (random() % 2 == 0 && next && *next > now)
          now = *next;
        else
          now += std::chrono::milliseconds(random() % 100 == 0 ? random() % 100'000 : random() % 300);
        w.advance(now);
        for (auto& x : all)
          if (x.due && *x.due <= tick_at(now)) {
            x.due.reset();
            ++x.passed;
          }
      }
      }
      std::size_t armed = 0;
      auto agree = [&](const model& x) {
        armed += x.due ? 1 : 0;
        return x.o.passed == x.passed && x.o.late.armed() == x.due.has_value() &&
               (!x.due || (w.next() && *w.next() <= start + *x.due * tick));
      };
      CAF_REQUIRE(std::all_of(all.begin(), all.end(), agree));
      CAF_REQUIRE_EQUAL(w.size(), armed);
      CAF_REQUIRE_EQUAL(w.next().has_value(), armed > 0);
      CAF_REQUIRE(!w.next() || tick_at(*w.next()) > tick_at(now)); // a call now would find nothing to do
    }
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
