#include "cluster/transport/transport.hpp"

#include "cluster/transport/door_actor.hpp"
#include "cluster/transport/node_identity.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>
#include <utility>
#include <vector>

namespace lmq {

void install_transport(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  install_node_identity(config);
  config.set("middleman.app-identifiers", std::vector<std::string>{"lmq.cluster"});
  config.set("middleman.heartbeat-interval", caf::timespan{transport_limits::heartbeat});
  config.set("middleman.connection-timeout", caf::timespan{transport_limits::silence});
}

tl::expected<transport, std::string> transport::start(caf::actor_system& system,
                                                      const transport_options& with, transport_owner owner) {
  std::shared_ptr<tls_context> tls;
  if (with.tls) {
    auto loaded = tls_context::load(*with.tls);
    if (!loaded)
      return tl::unexpected(std::move(loaded.error()));
    tls = *std::move(loaded);
  }
  auto at = listen_at(with.host, with.port);
  if (!at)
    return tl::unexpected(std::move(at.error()));
  auto port = at->port;
  basp network{system, std::move(tls)};
  auto door = spawn_door(system, with, port, network, std::move(owner));
  network.publish(*std::move(at), door);
  return transport{std::move(door), port};
}

transport::~transport() {
  stop();
}

void transport::stop() {
  if (door_)
    caf::anon_send_exit(door_, caf::exit_reason::user_shutdown);
  door_ = nullptr;
}

void transport_dialer::keep(const std::string& host, std::uint16_t port) const {
  caf::anon_send(door_, keep_address{host, port});
}

void transport_dialer::forget(const std::string& host, std::uint16_t port) const {
  caf::anon_send(door_, forget_address{host, port});
}

} // namespace lmq
