// An HTTP server with a broker behind it, in this process and on a port of the loopback.
#pragma once

#include "actors/start.hpp"
#include "event_loop/coordinator.hpp"
#include "gateway/server.hpp"
#include "tests/support/http_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

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

class running_server {
public:
  explicit running_server(http_limits limits = {}, std::size_t threads = 1)
      : config_(threads), system_(config_), broker_(start_broker(system_, hook_catalog::built_in())) {
    start(limits);
  }

  /// In front of another broker, which `make` makes in our system.
  running_server(http_limits limits, const std::function<broker(caf::actor_system&)>& make)
      : config_(1), system_(config_), broker_(make(system_)) {
    start(limits);
  }

  ~running_server() {
    if (server_)
      end_of_stop(begin_stop());
    server_.reset();
    stop_broker(broker_);
    system_.await_all_actors_done();
  }

  std::uint16_t port() const { return port_; }
  http_server& server() { return *server_; }
  caf::actor_system& system() { return system_; }

  testing::http_client connect() const { return testing::http_client{port_}; }

  /// A request on a connection of its own. When it is answered, what came to a server of one thread before it
  /// has been looked at, too.
  testing::http_response ask(std::string_view method, std::string_view target,
                             std::string_view body = {}) const {
    return connect().request(method, target, {}, body);
  }
  void let_it_arrive() const { ask("OPTIONS", "*"); }

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

  void start(const http_limits& limits) {
    http_server_options options;
    options.port = 0;
    options.nodes = {{"test@here"}, {"test@here"}};
    options.limits = limits;
    auto started = http_server::start(system_, broker_, std::move(options));
    if (!started)
      throw std::runtime_error(started.error());
    server_.emplace(std::move(*started));
    port_ = server_->port();
  }

  config config_;
  caf::actor_system system_;
  broker broker_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

} // namespace lmq::test
