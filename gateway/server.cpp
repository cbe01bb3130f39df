#include "gateway/server.hpp"

#include "event_loop/coordinator.hpp"
#include "event_loop/io_unit.hpp"
#include "gateway/gateway_actor.hpp"
#include "gateway/http/session.hpp"
#include "gateway/listener.hpp"
#include "gateway/rpc/session.hpp"

#include <atomic>
#include <future>
#include <spdlog/spdlog.h>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace lmq {

namespace asio = boost::asio;

using gateway_handle = sink_handle<gateway_actor>;

namespace {

void tell_of_crowd(bool crowded, std::size_t held_bytes, std::size_t most) noexcept {
  try {
    if (crowded)
      spdlog::warn(
        "gateway.answers_crowded bytes={} limit={} message=\"answers that clients do not take fill "
        "their room; large ones are refused, and connections that take nothing are closed\"",
        held_bytes, most);
    else
      spdlog::info("gateway.answers_have_room bytes={} limit={}", held_bytes, most);
  } catch (...) {
    // It is in the metrics.
  }
}

} // namespace

struct gateway_server::parts {
  parts(caf::actor_system& system, gateway_server_options options)
      : threads(coordinator::of(system)),
        shared(std::make_shared<gateway_shared>(
          options.limits, [most = options.limits.outgoing_bytes_max](bool crowded, std::size_t held_bytes) {
            tell_of_crowd(crowded, held_bytes, most);
          })) {
    shared->admission = std::move(options.admission);
    shared->nodes = std::move(options.nodes);
    shared->pushes = std::move(options.pushes);
  }

  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  ~parts() {
    if (!stopping)
      stop_and_wait();
  }

  void stop(std::function<void()> done, bool at_once) {
    stopping = true;
    for (auto* l : {&http, &rpc})
      asio::post(threads.unit(0).context(), [accepting = std::exchange(*l, nullptr)] {
        if (accepting)
          accepting->close();
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
  std::shared_ptr<gateway_shared> shared;
  std::vector<gateway_handle> gateways;
  std::shared_ptr<listener> http, rpc;
  bool stopping = false;
};

gateway_server::gateway_server(std::unique_ptr<parts> p) noexcept : parts_(std::move(p)) {}
gateway_server::gateway_server(gateway_server&&) noexcept = default;
gateway_server& gateway_server::operator=(gateway_server&&) noexcept = default;
gateway_server::~gateway_server() = default;

tl::expected<gateway_server, start_failure> gateway_server::start(caf::actor_system& system, broker doors,
                                                                  gateway_server_options options) {
  auto http = options.http;
  auto rpc = options.rpc;
  auto p = std::make_unique<parts>(system, std::move(options));
  // Gateways have timers of their threads, so each is made there.
  p->threads.on_each(
    [&](io_unit& unit) { p->gateways.push_back(make_sink<gateway_actor>(unit, doors, p->shared)); });
  doors = {};
  auto& unit = p->threads.unit(0);
  p->http = std::make_shared<listener>(unit, p->gateways, p->shared, &make_connection<http_session>);
  if (auto listening = p->http->listen(http.address, http.port); !listening)
    return tl::unexpected<start_failure>({start_failure::protocol::http, std::move(listening.error())});
  if (rpc) {
    p->rpc = std::make_shared<listener>(unit, p->gateways, p->shared, &make_connection<rpc_session>);
    if (auto listening = p->rpc->listen(rpc->address, rpc->port); !listening)
      return tl::unexpected<start_failure>({start_failure::protocol::rpc, std::move(listening.error())});
  }
  for (const auto& l : {p->http, p->rpc})
    if (l)
      asio::post(unit.context(), [l] { l->accept(); });
  return gateway_server{std::move(p)};
}

std::uint16_t gateway_server::http_port() const noexcept {
  return parts_->http ? parts_->http->port() : 0;
}

std::uint16_t gateway_server::rpc_port() const noexcept {
  return parts_->rpc ? parts_->rpc->port() : 0;
}

metrics::sources::source gateway_server::figures() const {
  return [shared = parts_->shared](metrics::families& out) {
    metrics::gauge(out, "lmq_connections", "Connections that are open, of both protocols.")
      .add(static_cast<double>(shared->connections.load(std::memory_order_relaxed)));
    metrics::gauge(out, "lmq_waiting_pulls",
                   "Pulls that may wait and are not answered yet, of both protocols.")
      .add(static_cast<double>(shared->waiters.load(std::memory_order_relaxed)));
    metrics::gauge(out, "lmq_incoming_bytes", "Of bodies and calls that have come in part.")
      .add(static_cast<double>(shared->incoming.load(std::memory_order_relaxed)));
    const auto& outgoing = shared->outgoing;
    metrics::gauge(out, "lmq_outgoing_bytes", "Of answers that clients have not taken yet.")
      .add(static_cast<double>(outgoing.held_bytes()));
    metrics::counter(out, "lmq_answers_without_room_total",
                     "Large answers that were refused beside those that clients do not take.")
      .add(static_cast<double>(outgoing.refused()));
    metrics::counter(out, "lmq_stuck_connections_closed_total",
                     "Connections that took nothing of their answer while others found no room for theirs.")
      .add(static_cast<double>(outgoing.closed()));
    shared->tell_requests(out);
  };
}

std::size_t gateway_server::connections() const noexcept {
  return parts_->shared->connections.load(std::memory_order_relaxed);
}

std::uint64_t gateway_server::crashes() const noexcept {
  return parts_->shared->crashes.load(std::memory_order_relaxed);
}

void gateway_server::admit_by(const admission_terms& terms) {
  parts_->threads.on_each([&](io_unit& unit) {
    for (auto& gateway : parts_->gateways)
      if (&gateway->unit() == &unit)
        gateway->admit_by(terms);
  });
}

void gateway_server::stop(std::function<void()> done) {
  parts_->stop(std::move(done), false);
}

} // namespace lmq
