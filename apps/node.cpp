#include "apps/node.hpp"

#include "actors/start.hpp"
#include "apps/resolve.hpp"
#include "apps/rpc_door.hpp"
#include "event_loop/coordinator.hpp"
#include "gateway/server.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>

#include <future>
#include <optional>
#include <utility>

namespace lmq {

struct node::parts {
  parts(const settings& with, rpc_door&& door) : rpc(std::move(door)) {
    // The configuration is what stands here: CAF reads neither our command line nor a file of its own.
    coordinator_options threads;
    threads.threads = with.threads;
    install_coordinator(config, threads);
    system.emplace(config);
    doors = start_broker(*system, hook_catalog::built_in());
  }

  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  ~parts() {
    if (http) {
      // Shared, because the I/O thread may still be in set_value when we are through.
      auto stopped = std::make_shared<std::promise<void>>();
      http->stop([stopped] { stopped->set_value(); });
      stopped->get_future().wait();
    }
    http.reset();
    stop_broker(doors);
    // No handle is left; whoever still runs is waited for by the system's end.
    system.reset();
  }

  rpc_door rpc;
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  broker doors;
  std::optional<http_server> http;
};

checked<node> node::start(const settings& with) {
  auto complain = [](std::string_view option, const std::string& what) {
    return tl::unexpected<std::string>(fmt::format(
      "{}: {}; end what listens there, or choose another address with --{}", option, what, option));
  };
  auto door = rpc_door::open(with.rpc);
  if (!door)
    return complain("rpc", door.error());
  auto endpoint = resolve(with.http);
  if (!endpoint)
    return complain("http", endpoint.error());
  auto p = std::make_unique<parts>(with, *std::move(door));
  auto server = http_server::start(*p->system, p->doors,
                                   {.address = endpoint->address().to_string(),
                                    .port = endpoint->port(),
                                    .nodes = {.active = {with.name}, .all = {with.name}},
                                    .limits = with.limits});
  if (!server)
    return complain("http", server.error());
  p->http = *std::move(server);
  return node{std::move(p)};
}

node::node(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
node::node(node&&) noexcept = default;
node& node::operator=(node&&) noexcept = default;
node::~node() = default;

std::uint16_t node::http_port() const {
  return parts_->http->port();
}
std::uint16_t node::rpc_port() const {
  return parts_->rpc.port();
}

void node::stop() {
  parts_.reset();
}

} // namespace lmq
