// The one notion of time: instants of a steady clock, handed in by the caller.
#pragma once

#include <chrono>

namespace lmq {

using steady_clock = std::chrono::steady_clock;
using time_point = steady_clock::time_point;
using duration = steady_clock::duration;

} // namespace lmq
