// The clock of all measurements: this machine's steady one, read by one program only.
#pragma once

#include "tests/support/time_limit.hpp"

#include <chrono>

namespace lmq::nemesis {

using testing::seconds;
using clock = std::chrono::steady_clock;
using moment = clock::time_point;

inline moment now() {
  return clock::now();
}

inline moment after(moment from, seconds by) {
  return from + std::chrono::duration_cast<clock::duration>(by);
}

/// From the start of the program, for what is printed.
double since_start(moment when);

} // namespace lmq::nemesis
