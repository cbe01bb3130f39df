// The registry as an actor: spawns, configures and ends queues as its machine decides, and tells subscribers.
// It is also the queues' supervisor: one that crashes is started again on its cell, until it crashes too
// often and is left alone.
//
// Every message that it sends to a queue or a subscriber is in their mailbox before the request that caused
// it is answered; so whoever acts on the answer finds the change made. Works on a cell that outlives it
// (registry_cell.hpp). Spawned, watched and, after a crash, spawned again by the supervisor.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"
#include "actors/registry/registry_cell.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

/// @param supervisor  hears of queues that were started again, left alone or revived
/// @param facts       of all queues
registry_handle spawn_registry(caf::actor_system& system, registry_cell_ptr cell,
                               std::shared_ptr<const hook_catalog> hooks, supervisor_handle supervisor,
                               queue_journal facts = {});

} // namespace lmq
