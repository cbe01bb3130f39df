// A server with a broker behind it, in this process and on a port of the loopback.
#pragma once

#include "actors/start.hpp"
#include "event_loop/coordinator.hpp"
#include "gateway/server.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/rpc_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace lmq::test {

/// Longer than anything takes that comes at all.
inline constexpr auto patience = std::chrono::seconds(20);

/// More than the kernel takes off our hands for a peer that does not read.
inline constexpr std::size_t beyond_socket_buffers = 16'000'000;

class running_server {
public:
  explicit running_server(gateway_limits limits = {}, std::size_t threads = 1,
                          const admission_terms& admission = {})
      : config_(threads), system_(config_), broker_(start_broker(system_, hook_catalog::built_in())) {
    start(limits, admission);
  }

  /// In front of another broker, which `make` makes in our system.
  running_server(gateway_limits limits, const std::function<broker(caf::actor_system&)>& make)
      : config_(1), system_(config_), broker_(make(system_)) {
    start(limits);
  }

  ~running_server() {
    if (server_)
      end_of_stop(begin_stop());
    server_.reset();
    if (!broker_.supervisor) // a broker that a test made up: nobody else ends its parts
      caf::anon_send_exit(broker_.registry, caf::exit_reason::user_shutdown);
    if (broker_.cluster) // so is a cluster
      caf::anon_send_exit(broker_.cluster, caf::exit_reason::user_shutdown);
    stop_broker(broker_);
    system_.await_all_actors_done();
  }

  std::uint16_t port() const { return port_; }
  std::uint16_t rpc_port() const { return rpc_port_; }
  gateway_server& server() { return *server_; }
  caf::actor_system& system() { return system_; }
  node_board& nodes() { return *nodes_; }
  const broker& doors() const { return broker_; }

  testing::http_client connect() const { return testing::http_client{port_}; }
  testing::rpc_client call() const { return testing::rpc_client{rpc_port_}; }

  /// A request on a connection of its own. When it is answered, what came to a server of one thread before it
  /// has been looked at, too.
  testing::http_response ask(std::string_view method, std::string_view target,
                             std::string_view body = {}) const {
    return connect().request(method, target, {}, body);
  }
  void let_it_arrive() const { ask("OPTIONS", "*"); }

  /// Whether something is there before long; the actors are asked to go on in between.
  template <class Predicate>
  bool soon(Predicate there) const {
    for (int i = 0; i < 200 && !there(); ++i)
      let_it_arrive();
    return there();
  }

  std::future<void> begin_stop() {
    auto done = std::make_shared<std::promise<void>>();
    server_->stop([done] { done->set_value(); });
    return done->get_future();
  }

  /// It was moved away and has ended.
  void forget_server() { server_.reset(); }

  /// Whether it came to its end.
  bool end_of_stop(std::future<void> stopped) {
    auto ended = stopped.wait_for(patience) == std::future_status::ready;
    server_.reset();
    return ended;
  }

private:
  struct config : caf::actor_system_config {
    explicit config(std::size_t threads) { install_coordinator(*this, {threads, {}}); }
  };

  void start(const gateway_limits& limits, const admission_terms& admission = {}) {
    gateway_server_options options;
    options.nodes = nodes_;
    options.limits = limits;
    options.admission = admission;
    auto started = gateway_server::start(system_, broker_, std::move(options));
    if (!started)
      throw std::runtime_error(started.error().what);
    server_.emplace(std::move(*started));
    port_ = server_->http_port();
    rpc_port_ = server_->rpc_port();
  }

  config config_;
  caf::actor_system system_;
  broker broker_;
  std::shared_ptr<node_board> nodes_ = std::make_shared<node_board>(node_names{{"test@here"}, {"test@here"}});
  std::optional<gateway_server> server_;
  std::uint16_t port_ = 0, rpc_port_ = 0;
};

} // namespace lmq::test
