// The closed loop: C connections on one thread, each with one request in flight, for a time or a number of
// units.
#pragma once

#include "tests/bench/load/dialogue.hpp"
#include "tests/bench/load/histogram.hpp"
#include "tests/bench/load/socket.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <sys/types.h>

namespace lmq::bench {

struct loop_plan {
  endpoint server;
  unsigned connections = 64;
  std::chrono::milliseconds warm_up{0};                                // neither counted nor timed
  std::chrono::milliseconds duration{0};                               // at most
  std::uint64_t units_max = std::numeric_limits<std::uint64_t>::max(); // begun in all
  pid_t server_pid = 0;                                                // whose CPU time is read; 0: nobody's
  std::chrono::milliseconds every{0};                                  // > 0: how often on_tick is called
  std::function<void()> on_tick;
};

struct loop_result {
  histogram latency; // nanoseconds a unit
  std::uint64_t units = 0;
  std::uint64_t requests = 0;   // answered; a unit may have several
  std::uint64_t errors = 0;     // failed answers and lost connections, also outside the measured time
  std::uint64_t unanswered = 0; // requests that had no answer five seconds after the end
  double seconds = 0;           // measured
  double server_cpu_seconds = 0;
  double client_cpu_seconds = 0;

  double units_per_second() const { return seconds > 0 ? static_cast<double>(units) / seconds : 0; }
};

using dialogue_factory = std::function<std::unique_ptr<dialogue>(unsigned connection_number)>;

/// Runs the loop on the calling thread. After the time is over, units under way may end (for at most five
/// seconds), so that a run leaves no half-done work behind; they are not counted.
///
/// Errors: interrupted; std::runtime_error if the server can't be reached at all
/// Bounds: warm-up + duration + 5 s
loop_result run_closed_loop(const loop_plan& plan, const dialogue_factory& make);

} // namespace lmq::bench
