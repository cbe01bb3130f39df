// The registry as an actor: spawns, configures and ends queues as its machine decides, and tells subscribers.
//
// Every message that it sends to a queue or a subscriber is in their mailbox before the request that caused
// it is answered; so whoever acts on the answer finds the change made.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

registry_handle spawn_registry(caf::actor_system& system, std::shared_ptr<const hook_catalog> hooks);

} // namespace lmq
