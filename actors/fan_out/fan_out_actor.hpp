// Requests that many queues answer together: a push to all that match, a report of all.
//
// Holds what is being gathered; each queue answers for itself, and one that is deleted meanwhile is left out.
// Nothing outlives it: who waits for an answer when it crashes hears that nobody knows what came of the
// request. Spawned and watched by the supervisor.
#pragma once

#include "actors/messages.hpp"
#include "actors/supervision/life_sign.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

fan_out_handle spawn_fan_out(caf::actor_system& system, registry_handle registry,
                             std::shared_ptr<life_sign> life);

} // namespace lmq
