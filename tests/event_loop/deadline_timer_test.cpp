// The deadline wheel on a real thread with a real timer.
#define CAF_SUITE deadline_timer

#include <caf/test/unit_test.hpp>

#include "event_loop/deadline_timer.hpp"
#include "tests/event_loop/loop.hpp"

#include <memory>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

struct owner final : deadline_owner {
  void on_deadline(deadline&) noexcept override {
    at = steady::now();
    on = io_unit::current();
    if (then)
      then();
    passed.set();
  }

  deadline late{*this};
  steady::time_point at;
  io_unit* on = nullptr;
  std::function<void()> then;
  event passed;
};

struct fixture {
  loop l;
  std::unique_ptr<deadline_timer> timer;

  fixture() {
    l.on_unit([this] { timer = std::make_unique<deadline_timer>(l.unit()); });
  }
  ~fixture() {
    l.on_unit([this] { timer.reset(); });
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(deadline_timer_tests, fixture)

CAF_TEST(a deadline passes on the thread of its unit and not before its time) {
  owner o;
  steady::time_point due;
  l.on_unit([&] {
    due = steady::now() + 30ms;
    timer->arm(o.late, due);
  });
  CAF_REQUIRE(o.passed.comes());
  l.on_unit([&] {
    CAF_CHECK(o.at >= due);
    CAF_CHECK(o.on == &l.unit());
    CAF_CHECK_EQUAL(timer->size(), 0u);
  });
}

CAF_TEST(an earlier deadline does not wait for a later one that was armed before) {
  owner later;
  owner sooner;
  l.on_unit([&] {
    timer->arm_in(later.late, 1h);
    timer->arm_in(sooner.late, 10ms);
  });
  CAF_CHECK(sooner.passed.comes());
  l.on_unit([&] {
    CAF_CHECK(later.late.armed());
    later.late.cancel();
  });
}

CAF_TEST(a deadline that is armed again when it passes passes again) {
  owner o;
  owner second;
  o.then = [&] { timer->arm_in(second.late, 1ms); };
  l.on_unit([&] { timer->arm_in(o.late, 1ms); });
  CAF_CHECK(second.passed.comes());
  CAF_CHECK(o.passed.comes());
}

CAF_TEST(a timer that goes leaves its deadlines unarmed even from within one) {
  owner o;
  owner other;
  o.then = [&] { timer.reset(); };
  l.on_unit([&] {
    timer->arm_in(o.late, 1ms);
    timer->arm_in(other.late, 1h);
  });
  CAF_REQUIRE(o.passed.comes());
  l.on_unit([&] { CAF_CHECK(!other.late.armed()); });
}

CAF_TEST_FIXTURE_SCOPE_END()
