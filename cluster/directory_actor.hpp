// The registry of a cluster: names, rules and properties as all nodes know them.
//
// Stands before this node's own registry and speaks as one (registry_handle), so that gateways, pull_any and
// fan_out need not know that there is a cluster. For each queue it gives out a front, which finds the queue's
// home. Changes go through the node actor to all members; what they change here and elsewhere comes back as
// `changed`. Owned by the wiring of the node; like the node actor it has no supervisor.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"
#include "cluster/node_actor.hpp"

#include <caf/fwd.hpp>
#include <cstddef>
#include <memory>

namespace lmq {

using directory_handle = registry_handle::extend< //
  caf::reacts_to<changed_atom, metadata_change_ptr>, caf::reacts_to<ready_atom>,
  caf::reacts_to<registry_handle>>;

/// @param node  hears that this is its listener
directory_handle spawn_directory(caf::actor_system& system, node_handle node, hook_catalog hooks,
                                 std::size_t queues_max);

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::directory_handle)
