// One run: a network, its nodes, their clients, and the verdict at the end. Made, used and ended by a
// scenario on the main thread.
#pragma once

#include "tests/nemesis/clients/clients.hpp"
#include "tests/nemesis/nodes/network.hpp"
#include "tests/nemesis/nodes/nodes.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lmq::nemesis {

struct run_options {
  std::string scenario;
  std::uint64_t seed = 1;
  seconds calm{3.0};     ///< load before, between and after faults
  std::size_t nodes = 0; ///< 0: as many as the scenario likes
  unsigned rounds = 6;   ///< of a storm, of rejoin
  unsigned kills = 10;   ///< of crash and crash_cluster
};

// What is promised.
inline constexpr seconds pause_after_kill_max{2.0};
inline constexpr seconds pause_after_silence_max{3.0};
inline constexpr seconds pause_otherwise_max{1.0};

/// 0 to count - 1.
std::vector<std::size_t> first_nodes(std::size_t count);

class stage {
public:
  /// Starts the nodes and waits until they are one. `spare` more are only known, and started by the scenario.
  /// Errors: not_permitted; std::runtime_error when they don't become one
  stage(const run_options& asked, network::kind how, std::size_t node_count, std::size_t spare = 0,
        storage kept_in = storage::memory);

  ~stage();

  nodes& all() { return nodes_; }
  world& shared() { return world_; }
  network& wires() { return network_; }
  const run_options& asked() const { return asked_; }

  /// The clients begin.
  void load(const habits& how = {});

  /// Lets the load run.
  void calm();

  /// A fault, or its end, told with the wall clock's time, so that it can be found in the nodes' logs.
  void mark(std::string what, seconds limit = no_limit);

  /// The same without a look at the service after it.
  void note(std::string_view what) const;

  /// A promise that is not one of the ledger's or the clock's.
  void check(const std::string& what, bool held);

  void figure(const std::string& what, nlohmann::json value) { out_[what] = std::move(value); }

  /// Waits until those nodes are one; the time is told, and it is a broken promise when they aren't in time.
  void await_one(const std::vector<std::size_t>& which, seconds steady = seconds{0});

  /// The same after silence: they must stay so, for longer than it takes to give a node up.
  void await_lasting_one(const std::vector<std::size_t>& which);

  /// Stops pushing and lets the consumers take what is there.
  void drain();

  /// The same, and judges. The exit code of the program.
  int finish();

  /// Judges what was checked and prints the line. The exit code of the program.
  int verdict();

private:
  /// What is in the queues of nodes that run; empty: nothing.
  std::string left();
  void judge_clients();

  run_options asked_;
  network network_;
  nodes nodes_;
  world world_;
  std::unique_ptr<clients> clients_;
  nlohmann::ordered_json out_;
  std::vector<std::string> broken_;
};

} // namespace lmq::nemesis
