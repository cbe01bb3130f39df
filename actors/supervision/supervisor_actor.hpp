// The root of the supervision tree: starts the broker's other actors and starts them again when they crash.
//
// Owns the registry's cell, from which a new registry goes on; pull_any and fan_out begin anew, and gateways
// send again what waited there. Whoever finds a door closed asks here for the doors of now. An actor that
// crashes too often pauses for a moment (restart_limit::pause). Nobody watches this one, so it does as
// little as it can.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"

#include <caf/fwd.hpp>

namespace lmq {

/// Starts the supervisor and what it supervises.
broker spawn_supervisor(caf::actor_system& system, hook_catalog hooks);

} // namespace lmq
