// A queue as an actor: hears the messages of `queue_handle`, asks its machine, carries out the effects. Where
// there is a journal it tells that what is recorded, and lets nothing out that is not safe.
//
// Its parts have files of their own: who waits and what reaches them (queue_waiters), what the journal is
// told and what waits for it (queue_recorder), looks, removals and purges (queue_orders), what leaves for
// other queues (mover), changes of home (queue_home). Each works within a handler, in steps (queue_steps).
//
// Works on a cell that outlives it (queue_cell.hpp) and has of its own only the hooks that the properties
// name and one timer. Runs on whichever I/O thread a message comes from. Spawned, watched and, after a crash,
// spawned again by the registry.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

/// Starts an actor on the cell. The first thing it does is to look whether what it takes over is whole, and
/// to finish what its predecessor has decided.
///
/// @param in_force  what the registry knows; a change may not have reached the predecessor
/// @param doors     where the queues are found to which messages are moved; null where there is a journal
queue_handle spawn_queue(caf::actor_system& system, queue_cell_ptr cell, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks, supervisor_handle doors = {});

} // namespace lmq
