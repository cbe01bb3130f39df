#define CAF_SUITE fault_point_faults

#include "core/fault_point.hpp"

#include <caf/test/unit_test.hpp>
#include <string>

using namespace lmq;

namespace {

/// Which of so many passes of a point throw, as a text of dots and crosses.
std::string passes(const char* point, int times) {
  std::string seen;
  for (int i = 0; i < times; ++i)
    try {
      fault_point(point);
      seen += '.';
    } catch (const injected_fault& f) {
      CAF_CHECK_EQUAL(std::string{f.what()}, point);
      seen += 'x';
    }
  return seen;
}

struct fixture {
  ~fixture() { fault_plan::never(); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(fault_point_tests, fixture)

CAF_TEST(no point throws unless it is told to) {
  CAF_CHECK_EQUAL(passes("queue.push", 5), ".....");
}

CAF_TEST(the point that is reached as the third throws and no other) {
  fault_plan::once_at(3);
  CAF_CHECK_EQUAL(passes("queue.push", 5), "..x..");
  CAF_CHECK_EQUAL(fault_plan::thrown(), 1u);
}

CAF_TEST(the same seed throws at the same places and another at others) {
  fault_plan::at_random(7, "queue=4");
  auto first = passes("queue.push", 200);
  fault_plan::at_random(7, "queue=4");
  CAF_CHECK_EQUAL(passes("queue.push", 200), first);
  fault_plan::at_random(8, "queue=4");
  CAF_CHECK_NOT_EQUAL(passes("queue.push", 200), first);
  CAF_CHECK(first.find('x') != first.npos);
}

CAF_TEST(each kind of point has its own chance and those not named have none) {
  fault_plan::at_random(1, "queue=1,registry=1000000");
  CAF_CHECK_EQUAL(passes("queue.push", 3), "xxx");
  CAF_CHECK_EQUAL(passes("registry.find", 3), "...");
  CAF_CHECK_EQUAL(passes("pull_any.pull", 3), "...");
  CAF_CHECK_EQUAL(passes("queued", 3), "...");
}

CAF_TEST(what is no plan is refused) {
  for (const auto* text : {"queue", "queue=", "=5", "queue=x", "queue=0", "queue=5,pull_any"}) {
    bool refused = false;
    try {
      fault_plan::at_random(1, text);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CAF_CHECK(refused);
    CAF_CHECK_EQUAL(passes("queue.push", 1), ".");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
