// What can be asked on the command line. Filled by main, read by the modes.
#pragma once

#include "tests/bench/servers/launchers.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lmq::bench {

struct options {
  lmq_options lmq;
  unsigned connections = 64;
  std::size_t body_bytes = 100;
  double seconds = 3; // of measuring, a run
  double warm_up = 1; // seconds before it
  unsigned rounds = 5;
  unsigned queues = 1;           // that the connections share
  std::vector<std::string> only; // workloads of the comparison; all if empty
  std::string json_file;

  std::uint64_t messages = 1'000'000; // memory, large
  unsigned waiters = 10'000;          // waiters
  unsigned many_queues = 10'000;      // many
  unsigned regex_waiters = 1'000;     // many
  double idle_seconds = 5;            // idle
  double soak_seconds = 60;           // soak, chaos
  std::uint64_t seed = 1;             // soak, chaos, hostile
  // chaos: of which fault points one in how many throws. Few enough that a queue seldom crashes too often.
  std::string fault_plan = "queue=250000,registry=10000,pull_any=30000,fan_out=8000,gateway=50000";
  unsigned hostile_load_connections = 16; // hostile: of the normal load
  unsigned hostile_connections = 500;     // hostile: held by the attacker
  unsigned hostile_rate = 200;            // hostile: new attacks a second
  std::vector<std::string> attacks;       // hostile: which; all if empty

  std::chrono::milliseconds duration() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
  }
  std::chrono::milliseconds warm_up_time() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(warm_up * 1000)};
  }
};

} // namespace lmq::bench
