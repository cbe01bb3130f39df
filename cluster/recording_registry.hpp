// The registry of a node that is on its own and keeps its messages on a disk.
//
// Speaks as the node's registry, which it asks for queues as they are: they serve here always. What is to
// survive (names, rules, properties) goes through the node actor too, and is answered when it is on the disk.
// Owned by the wiring of the node; like the node actor it has no supervisor.
#pragma once

#include "actors/messages.hpp"
#include "cluster/node_actor.hpp"

#include <caf/fwd.hpp>

namespace lmq {

/// A registry that is told which one it stands before; again when that is a new one.
using registry_before = registry_handle::extend<caf::reacts_to<registry_handle>>;

registry_before spawn_recording_registry(caf::actor_system& system, node_handle node);

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::registry_before)
