// This node's part in a cluster: its actors and its port, started and ended in the order in which they need
// each other and the broker.
//
// A node without a cluster that keeps its messages on a disk is one, too: the only one there is.
//
// Holds the node actor, the directory and the transport. Owned by the wiring of the node, on its main thread.
#pragma once

#include "actors/node_board.hpp"
#include "actors/start.hpp"
#include "cluster/directory_actor.hpp"
#include "cluster/node_actor.hpp"
#include "cluster/transport/transport.hpp"

#include <caf/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace lmq {

struct cluster_options {
  std::string name;       ///< unique in the cluster
  std::string host;       ///< of the cluster port; empty: there is no cluster
  std::uint16_t port = 0; ///< 0: any
  std::vector<std::pair<std::string, std::uint16_t>> joins; ///< cluster ports of others
  std::optional<tls_files> tls;
  std::size_t min_copies = 1;
  std::size_t waiting_bytes_max = node_options{}.waiting_bytes_max; ///< of pushes that wait for other nodes
  std::size_t queues_max = SIZE_MAX;                                ///< that clients of this node may make
};

class cluster_member {
public:
  /// The actors; they wait for the broker and for `listen`.
  ///
  /// @param system  made with `install_transport`; outlives this
  /// @param disk    where it has none all is in memory
  cluster_member(caf::actor_system& system, cluster_options options, hook_catalog hooks,
                 std::shared_ptr<node_board> board, node_disk disk = {});

  cluster_member(cluster_member&&) = delete;

  /// Stops, if `stop` has not.
  ~cluster_member();

  /// What the broker of this node is started with.
  broker_options for_broker(hook_catalog hooks) const;

  /// Returns when this node serves, if it is to serve alone, and its queues have all that was stored.
  void wait_until_begun();

  /// Listens, and looks for the others. Errors: a sentence
  tl::expected<void, std::string> listen();

  /// The cluster port, once it listens.
  std::uint16_t port() const noexcept { return transport_ ? transport_->port() : 0; }

  /// After the server, before the broker: the peers lose their links, who waits is sent away.
  void stop();

private:
  caf::actor_system& system_;
  cluster_options options_;
  std::uint64_t incarnation_;
  home_tag tag_;
  node_handle node_;
  std::function<std::optional<message>(const std::string&, message_id)> read_; ///< of bodies that are away
  std::shared_ptr<write_room> room_;                                           ///< on the disk; null: none
  registry_handle before_; ///< the registry that everybody but the node is given
  std::optional<transport> transport_;
};

} // namespace lmq
