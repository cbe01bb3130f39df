// The broker as a whole: starts its actors in the order in which they need each other, and ends them.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"
#include "actors/supervision/supervisor_actor.hpp"

#include <caf/fwd.hpp>

namespace lmq {

broker start_broker(caf::actor_system& system, broker_options options);
/// On its own: no journal, no cluster.
broker start_broker(caf::actor_system& system, hook_catalog hooks);

/// Asks all actors to end, and lets go of them: waiting pulls are answered with nothing. They have ended when
/// `system.await_all_actors_done()` returns.
void stop_broker(broker& b);

} // namespace lmq
