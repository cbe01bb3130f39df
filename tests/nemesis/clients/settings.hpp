// One more client, who sets properties and rules over and over, each time to the next number, and remembers
// which were answered. What a node shows must be one that was answered last, or one that was sent after it.
// Owned by the scenario; its thread writes, the scenario's compares.
#pragma once

#include "tests/nemesis/clients/clients.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace lmq::nemesis {

class settings {
public:
  settings(world& shared, std::uint64_t seed);

  settings(const settings&) = delete;
  settings& operator=(const settings&) = delete;

  ~settings();

  /// Returns when the last request has its answer.
  void stop();

  /// What a node shows against what was answered, in a sentence; empty: it holds. A single server may be
  /// asked at any time, the nodes of a cluster when they are one and this one has stopped.
  std::string disagreement(std::size_t node) const;

  /// How many were answered.
  std::uint64_t answered() const;

private:
  struct kind {
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> answered{0}; ///< the last one of those
    std::atomic<std::uint64_t> count{0};
  };

  void write(std::uint64_t seed);

  world& world_;
  std::atomic<bool> go_on_{true};
  std::array<kind, 2> kinds_; // a queue's own property; a rule
  std::thread thread_;
};

} // namespace lmq::nemesis
