// The users of the cluster: threads that push numbered messages, and threads that pull and settle them, each
// with connections to all nodes. One that is refused or loses its connection goes to the next node.
#pragma once

#include "tests/nemesis/books/ledger.hpp"
#include "tests/nemesis/books/timeline.hpp"
#include "tests/nemesis/nodes/network.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace lmq::nemesis {

/// What all clients share.
struct world {
  world(const network& net, std::size_t nodes, std::size_t queues);

  const network& where;
  std::vector<std::string> queues;
  ledger book;
  timeline times;
  /// Nodes that clients have been told of, in the order of their index.
  std::atomic<std::size_t> known_nodes;
};

/// How clients behave. The load is to be there, not to be heavy: this machine runs the nodes, too.
struct habits {
  seconds pause_between_pushes{0.015};
  std::size_t body_bytes_min = 100;
  std::size_t body_bytes_max = 100;
  unsigned one_in_nacks = 40;
  unsigned one_in_left = 0; ///< leases that nobody settles, so that they run out; 0: none
  seconds insists{0};       ///< how long a settle without an answer is asked again; 0: a few times at once
};

struct client_options {
  std::uint64_t seed = 1;
  habits how{};
  std::size_t pushers = 8;
  std::size_t consumers = 6;
};

class clients {
public:
  clients(world& shared, const client_options& wanted);

  clients(const clients&) = delete;
  clients& operator=(const clients&) = delete;

  /// Stops all and waits for their last answers.
  ~clients();

  /// Returns when the last push has its answer.
  void stop_pushing();

  void stop_consuming();

private:
  std::atomic<bool> pushing_{true};
  std::atomic<bool> consuming_{true};
  std::vector<std::thread> pushers_;
  std::vector<std::thread> consumers_;
};

} // namespace lmq::nemesis
