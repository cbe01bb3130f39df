#include "actors/start.hpp"

#include "actors/supervision/supervisor_actor.hpp"

#include <caf/send.hpp>

namespace lmq {

broker start_broker(caf::actor_system& system, hook_catalog hooks) {
  return spawn_supervisor(system, std::move(hooks));
}

void stop_broker(broker& b) {
  caf::anon_send_exit(b.supervisor, caf::exit_reason::user_shutdown);
  b = {};
}

} // namespace lmq
