// A queue as an actor: hears the messages of `queue_handle`, asks its machine, carries out the effects.
//
// Keeps the promises to those who wait, the hooks that the properties name, the statistics, one timer. Runs
// on whichever I/O thread a message comes from. Spawned by the registry.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"

#include <caf/fwd.hpp>
#include <memory>
#include <string>

namespace lmq {

queue_handle spawn_queue(caf::actor_system& system, std::shared_ptr<const std::string> name,
                         properties in_force, std::shared_ptr<const hook_catalog> hooks);

} // namespace lmq
