#include "gateway/server.hpp"

#include "event_loop/coordinator.hpp"
#include "event_loop/io_unit.hpp"
#include "gateway/http_gateway.hpp"
#include "gateway/listener.hpp"

#include <atomic>
#include <future>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace lmq {

namespace asio = boost::asio;

using gateway_handle = sink_handle<http_gateway>;

struct http_server::parts {
  parts(caf::actor_system& system, http_server_options options)
      : threads(coordinator::of(system)), shared(std::make_shared<http_shared>()) {
    shared->limits = options.limits;
    shared->nodes = std::move(options.nodes);
  }

  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  ~parts() {
    if (!stopping)
      stop_and_wait();
  }

  void stop(std::function<void()> done, bool at_once) {
    stopping = true;
    asio::post(threads.unit(0).context(), [l = std::exchange(accepting, nullptr)] {
      if (l)
        l->close();
    });
    // Each gateway's last word is counted; our handles are gone by then.
    auto left = std::make_shared<std::atomic<std::size_t>>(gateways.size());
    auto all_done = std::make_shared<std::function<void()>>(std::move(done));
    for (auto& g : std::exchange(gateways, {})) {
      auto& context = g->unit().context();
      asio::post(context, [g, left, all_done, at_once]() mutable {
        if (at_once)
          g->stop_now();
        g->stop([left, all_done] {
          if (left->fetch_sub(1) == 1)
            (*all_done)();
        });
        g = {};
      });
    }
  }

  void stop_and_wait() {
    std::promise<void> done;
    stop([&] { done.set_value(); }, true);
    done.get_future().wait();
  }

  coordinator& threads;
  std::shared_ptr<http_shared> shared;
  std::vector<gateway_handle> gateways;
  std::shared_ptr<listener> accepting;
  bool stopping = false;
};

http_server::http_server(std::unique_ptr<parts> p) noexcept : parts_(std::move(p)) {}
http_server::http_server(http_server&&) noexcept = default;
http_server& http_server::operator=(http_server&&) noexcept = default;
http_server::~http_server() = default;

tl::expected<http_server, std::string> http_server::start(caf::actor_system& system, broker doors,
                                                          http_server_options options) {
  auto address = options.address;
  auto port = options.port;
  auto p = std::make_unique<parts>(system, std::move(options));
  // Gateways have timers of their threads, so each is made there.
  p->threads.on_each(
    [&](io_unit& unit) { p->gateways.push_back(make_sink<http_gateway>(unit, doors, p->shared)); });
  doors = {};
  p->accepting = std::make_shared<listener>(p->threads.unit(0), p->gateways, p->shared);
  if (auto listening = p->accepting->listen(address, port); !listening)
    return tl::unexpected<std::string>(std::move(listening.error()));
  asio::post(p->threads.unit(0).context(), [l = p->accepting] { l->accept(); });
  return http_server{std::move(p)};
}

std::uint16_t http_server::port() const noexcept {
  return parts_->accepting ? parts_->accepting->port() : 0;
}

std::size_t http_server::connections() const noexcept {
  return parts_->shared->connections.load(std::memory_order_relaxed);
}

void http_server::stop(std::function<void()> done) {
  parts_->stop(std::move(done), false);
}

} // namespace lmq
