#define CAF_SUITE restart_limit

#include "actors/supervision/restart_limit.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

bool allows_times(restart_limit& limit, std::size_t times, time_point now) {
  bool all = true;
  for (std::size_t i = 0; i < times; ++i)
    all = limit.allows(now) && all;
  return all;
}

} // namespace

CAF_TEST(as many restarts as the limit says are allowed and then none) {
  restart_limit limit;
  CAF_CHECK(allows_times(limit, restart_limit::restarts_max, time_point{}));
  CAF_CHECK(!limit.allows(time_point{}));
  CAF_CHECK(!limit.allows(time_point{} + restart_limit::window - 1ns));
}

CAF_TEST(a crash is forgotten when the window has passed) {
  restart_limit limit;
  allows_times(limit, restart_limit::restarts_max - 1, time_point{});
  CAF_CHECK(limit.allows(time_point{} + 1s));
  CAF_CHECK(!limit.allows(time_point{} + 9s));
  CAF_CHECK(allows_times(limit, restart_limit::restarts_max - 1, time_point{} + restart_limit::window));
  CAF_CHECK(!limit.allows(time_point{} + restart_limit::window));
}

CAF_TEST(crashes that come one by one are never too many) {
  restart_limit limit;
  bool all = true;
  for (int i = 0; i < 1'000; ++i)
    all = limit.allows(time_point{} + i * restart_limit::window / restart_limit::restarts_max) && all;
  CAF_CHECK(all);
}

CAF_TEST(after a reset the count begins anew) {
  restart_limit limit;
  allows_times(limit, restart_limit::restarts_max + 1, time_point{});
  limit.reset();
  CAF_CHECK(limit.allows(time_point{}));
}
