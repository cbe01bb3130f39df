// The node as a member of its cluster: the node machine as an actor.
//
// Between the fronts of all queues (what clients ask), the queues that serve here (this node's broker), and
// the peers (the transport). Holds the machine with the replica, a link to each peer, and whoever waits for
// an answer. It is its own supervisor's whole business: nobody restarts it, for what it holds could not be
// trusted; when it breaks the process ends, and the other nodes go on (docs/supervision.md).
//
// Runs on the event loop's threads. Spawned by the wiring of the node.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_board.hpp"
#include "cluster/metadata.hpp"
#include "cluster/node_machine.hpp"
#include "cluster/row_writer.hpp"
#include "cluster/transport/transport.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

using changed_atom = caf::atom_constant<caf::atom("changed")>;
using ready_atom = caf::atom_constant<caf::atom("ready")>;
using stored_atom = caf::atom_constant<caf::atom("stored")>;
using begun_atom = caf::atom_constant<caf::atom("begun")>;

using queue_name = std::shared_ptr<const std::string>;
using metadata_change_ptr = std::shared_ptr<const metadata_change>;

// clang-format off

/// The front of a queue, as the node sees it: one that watches hears that there may be something to take.
using front_of_queue = caf::typed_actor<caf::reacts_to<ready_atom>>;

/// Whoever gives out names, rules and properties hears of every change of them.
using metadata_listener = caf::typed_actor<
  caf::reacts_to<changed_atom, metadata_change_ptr>,
  // Once: this node is in a view, and knows what the others know.
  caf::reacts_to<ready_atom>>;

using node_handle = caf::typed_actor<
  // -- the fronts, for clients; each is answered by the queue's home, wherever that is.
  // Errors: as queue_handle, and unavailable where no home is found in time
  caf::replies_to<push_atom, queue_name, message_id, message>::with<push_outcome>,
  caf::replies_to<pull_atom, queue_name, waiter_id, wait_time>::with<pulled>,
  caf::replies_to<cancel_atom, queue_name, waiter_id>::with<void>,
  caf::replies_to<settle_atom, queue_name, lease_id, verdict>::with<void>,
  caf::replies_to<give_back_atom, queue_name, lease_id>::with<void>,
  caf::replies_to<report_atom, queue_name>::with<queue_report>,
  caf::replies_to<order_atom, queue_name, queue_order>::with<order_outcome>,
  caf::replies_to<redrive_atom, queue_name, std::uint64_t>::with<std::uint64_t>,
  // Whether something may be ready; and from now on the front hears when that may be so.
  caf::replies_to<watch_atom, queue_name, front_of_queue>::with<bool>,
  caf::reacts_to<unwatch_atom, queue_name>,
  // -- the directory. Answered when every member in step has it.
  caf::reacts_to<metadata_listener>,
  caf::reacts_to<opened_atom, std::string>,
  caf::replies_to<remove_atom, std::string>::with<void>,
  caf::replies_to<patch_atom, std::string, property_set>::with<void>,
  caf::replies_to<reset_atom, std::string>::with<void>,
  caf::replies_to<set_rules_atom, std::vector<rule>>::with<void>,
  // -- this node's broker
  caf::reacts_to<record_atom, queue_name, fact_batch, std::uint64_t>,
  caf::reacts_to<registry_handle>, // the one that knows the queues that serve here; again when that is a new one
  caf::reacts_to<opened_atom, queue_ref>,
  caf::reacts_to<restarted_atom, queue_ref>,
  caf::reacts_to<gone_atom, std::string>,
  // -- operators
  caf::replies_to<status_atom>::with<cluster_status>,
  caf::replies_to<join_atom, std::string, std::uint16_t>::with<void>,
  caf::replies_to<leave_atom, waiter_id>::with<void>,
  caf::reacts_to<cancel_atom, waiter_id>,
  caf::replies_to<forget_atom, std::string>::with<void>,
  // -- the network
  caf::reacts_to<transport_dialer, std::string>, // and where this node listens, HOST:PORT
  caf::reacts_to<link_connected>,
  caf::reacts_to<link_lost>,
  caf::reacts_to<frame_received>,
  caf::reacts_to<dial_failed>,
  caf::reacts_to<peer_rejected>,
  // -- the wiring. Answered when this node serves, and its queues have all that was stored.
  caf::replies_to<begun_atom>::with<void>,
  // -- the disk: all rows up to that number are there
  caf::reacts_to<stored_atom, std::uint64_t>,
  // -- its own
  caf::reacts_to<flush_atom>,
  caf::reacts_to<tick_atom, std::uint64_t>>;

// clang-format on

/// @param board  is kept up to date
/// @param disk   where it has none all is in memory
node_handle spawn_node(caf::actor_system& system, node_options options, std::shared_ptr<node_board> board,
                       node_disk disk = {});

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::metadata_change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::metadata_listener)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::front_of_queue)
