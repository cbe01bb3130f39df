#include "actors/start.hpp"

#include <caf/send.hpp>

namespace lmq {

broker start_broker(caf::actor_system& system, broker_options options) {
  return spawn_supervisor(system, std::move(options));
}

broker start_broker(caf::actor_system& system, hook_catalog hooks) {
  return start_broker(system, broker_options{.hooks = std::move(hooks)});
}

void stop_broker(broker& b) {
  caf::anon_send_exit(b.supervisor, caf::exit_reason::user_shutdown);
  b = {};
}

} // namespace lmq
