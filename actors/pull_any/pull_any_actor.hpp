// Pulls over many queues as an actor: carries its machine's conversation with the queues.
//
// Subscribes to the registry, holds a handle to every queue and the promises to those who wait; one timer.
#pragma once

#include "actors/messages.hpp"

#include <caf/fwd.hpp>

namespace lmq {

pull_any_handle spawn_pull_any(caf::actor_system& system, const registry_handle& registry);

} // namespace lmq
