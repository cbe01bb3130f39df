// The door of a node, as an actor: says hello, keeps the links, hands frames to the owner.
//
// Holds the links, by the peer's incarnation, and the addresses that are kept. It is what other nodes find at
// the cluster port: what it takes from them is bytes, and an actor to answer. Spawned by `transport::start`,
// ended by `transport::stop`.
#pragma once

#include "cluster/transport/basp.hpp"
#include "cluster/transport/transport.hpp"

#include <caf/atom.hpp>

namespace lmq {

// -- between nodes: only appended to

/// (hello_atom, bytes, door) -> bytes: a hello and its answer, see hello.hpp; the door of who says it.
using hello_atom = caf::atom_constant<caf::atom("lmq_hello")>;

/// (frame_atom, incarnation, session, number, bytes), see link_table.hpp. The sender is the door that said
/// hello.
using frame_atom = caf::atom_constant<caf::atom("lmq_frame")>;

/// (reset_atom, incarnation, session): frames of that session of the receiver's are missing at that
/// incarnation.
using reset_atom = caf::atom_constant<caf::atom("lmq_reset")>;

// -- within the node: of types that no other node can send

struct keep_address {
  std::string host;
  std::uint16_t port = 0;
};

struct forget_address {
  std::string host;
  std::uint16_t port = 0;
};

/// @param listening  where it listens already; published by the caller
caf::actor spawn_door(caf::actor_system& system, const transport_options& with, std::uint16_t port,
                      basp network, transport_owner owner);

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::keep_address)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::forget_address)
