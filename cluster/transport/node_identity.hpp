// A node id of CAF's that is random.
//
// CAF 0.17.6 makes it of the network cards' addresses and the process id, and takes a peer that has the same
// one for itself. In containers both are often the same: the first container of a host has a card address
// derived from its network's first free address, and its program is process 1.
#pragma once

#include <caf/fwd.hpp>

namespace lmq {

/// Every actor system made from `config`, which loads the middleman too, gets an id of its own.
void install_node_identity(caf::actor_system_config& config);

} // namespace lmq
