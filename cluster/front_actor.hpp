// What clients of this node see of a queue, wherever its home is: a queue that passes on what it is asked.
//
// Speaks as a queue (queue_handle). Runs the hooks of a push, for they belong to where a request came in, and
// carries pull_any's conversation (pull_any_machine.hpp) for a queue whose messages are elsewhere: what the
// copy here holds tells when there may be something to take. Holds no messages. Owned by the directory.
#pragma once

#include "actors/hooks/hook.hpp"
#include "cluster/node_actor.hpp"

#include <caf/fwd.hpp>
#include <memory>

namespace lmq {

queue_handle spawn_front(caf::actor_system& system, queue_name name, properties in_force,
                         std::shared_ptr<const hook_catalog> hooks, node_handle node);

} // namespace lmq
