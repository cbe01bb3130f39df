// One connection of the soak: chooses at random what to do next, and keeps the ledger of what came of it.
#pragma once

#include "tests/bench/load/dialogue.hpp"
#include "tests/bench/load/socket.hpp"
#include "tests/bench/modes/soak_ledger.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace lmq::bench {

/// Shared by all connections of a soak, which run on one thread.
struct soak_world {
  endpoint server;
  std::size_t body_bytes = 100;
  std::mt19937_64 random;
  soak_ledger ledger;
  bool faults = false; // the server fails on purpose: 503 is an answer like others
  bool draining = false;
  std::chrono::steady_clock::time_point draining_since;
  std::map<std::string, std::uint64_t> done; // how often each thing was done
  std::vector<std::string> complaints;       // the first few wrong answers
  std::vector<std::string> hung;             // requests that took too long
};

/// How long a lease of the soak's queues holds. Short, so that forgotten ones come back while it runs.
constexpr std::chrono::seconds soak_lease{3};
/// The longest that anything may take: pulls wait for 50 ms, and a gateway's patience with its broker is 10
/// s.
constexpr std::chrono::seconds soak_hung_after{5};
constexpr unsigned soak_plain_queues = 8;
constexpr unsigned soak_doomed_queues = 4;

std::unique_ptr<dialogue> make_soak_dialogue(std::shared_ptr<soak_world> world);

} // namespace lmq::bench
