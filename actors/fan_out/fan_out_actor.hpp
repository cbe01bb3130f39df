// Requests that many queues answer together: a push to all that match, a report of all.
//
// Holds what is being gathered; each queue answers for itself, and one that is deleted meanwhile is left out.
#pragma once

#include "actors/messages.hpp"

#include <caf/fwd.hpp>

namespace lmq {

fan_out_handle spawn_fan_out(caf::actor_system& system, const registry_handle& registry);

} // namespace lmq
