// Pulls over many queues as an actor: carries its machine's conversation with the queues.
//
// Holds a handle to every queue and the promises to those who wait; one timer. Nothing outlives it: when it
// crashes, those who waited are told to ask again, and its successor learns of the queues from the registry.
// Spawned, subscribed to the registry and watched by the supervisor.
#pragma once

#include "actors/messages.hpp"
#include "actors/supervision/life_sign.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

pull_any_handle spawn_pull_any(caf::actor_system& system, std::shared_ptr<life_sign> life);

} // namespace lmq
