// The clock of the nemesis must see a queue that stands still.
#define CAF_SUITE timeline
#include "tests/nemesis/books/timeline.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq::nemesis;

namespace {

moment at(double time) {
  static const auto start = now();
  return after(start, seconds{time});
}

bool close_to(seconds is, double wanted) {
  return is > seconds{wanted - 0.001} && is < seconds{wanted + 0.001};
}

} // namespace

CAF_TEST(one queue that stands still is seen beside one that goes on) {
  timeline times{2};
  times.mark("fault", seconds{2}, at(1));
  for (auto time = 0.0; time < 10; time += 0.5)
    times.pushed(0, at(time));
  times.pushed(1, at(0.9));
  times.pushed(1, at(5));
  times.mark("end", no_limit, at(6));
  auto faults = times.faults();
  CAF_REQUIRE_EQUAL(faults.size(), 1u);
  CAF_CHECK_EQUAL(faults[0].what, "fault");
  CAF_CHECK(close_to(faults[0].without_push, 4));
  CAF_CHECK(faults[0].limit < faults[0].without_push);
}

CAF_TEST(a pause belongs to the time in which it was) {
  timeline times{1};
  times.mark("first", no_limit, at(0));
  times.mark("second", no_limit, at(3));
  times.mark("end", no_limit, at(4));
  times.pushed(0, at(1));
  times.pushed(0, at(3.5));
  auto faults = times.faults();
  CAF_REQUIRE_EQUAL(faults.size(), 2u);
  CAF_CHECK(close_to(faults[0].without_push, 2));
  CAF_CHECK(close_to(faults[1].without_push, 0.5));
}

CAF_TEST(a queue that answers nothing at all is without service all the time) {
  timeline times{1};
  times.mark("fault", no_limit, at(0));
  times.mark("end", no_limit, at(7));
  CAF_CHECK(close_to(times.faults().at(0).without_push, 7));
  CAF_CHECK(close_to(times.faults().at(0).without_delivery, 7));
}

CAF_TEST(troubles are counted by their names) {
  timeline times{1};
  times.trouble("push_503");
  times.trouble("push_503");
  auto troubles = times.troubles();
  CAF_CHECK_EQUAL(troubles.at("push_503"), 2u);
}
