#include "actors/start.hpp"

#include "actors/fan_out/fan_out_actor.hpp"
#include "actors/pull_any/pull_any_actor.hpp"
#include "actors/registry/registry_actor.hpp"

#include <caf/send.hpp>

namespace lmq {

broker start_broker(caf::actor_system& system, hook_catalog hooks) {
  auto registry = spawn_registry(system, std::make_shared<const hook_catalog>(std::move(hooks)));
  auto pull_any = spawn_pull_any(system, registry);
  auto fan_out = spawn_fan_out(system, registry);
  return {std::move(registry), std::move(pull_any), std::move(fan_out)};
}

void stop_broker(broker& b) {
  caf::anon_send_exit(b.fan_out, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b.pull_any, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b.registry, caf::exit_reason::user_shutdown);
  b = {};
}

} // namespace lmq
