#include "gateway/listener.hpp"

#include "core/log_value.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>

namespace lmq {

namespace asio = boost::asio;
using asio::ip::tcp;
using error_code = boost::system::error_code;

namespace {

/// As people write it: `127.0.0.1:9980`, `[::1]:9980`.
std::string shown(const std::string& address, std::uint16_t port) {
  auto six = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", six ? "[" : "", address, six ? "]" : "", port);
}

std::string why_not(const std::string& address, std::uint16_t port, const error_code& ec) {
  if (ec == asio::error::address_in_use)
    return shown(address, port) + " is in use";
  return fmt::format("{} can't be listened at: {}", shown(address, port), ec.message());
}

} // namespace

listener::listener(io_unit& unit, std::vector<gateway_handle> gateways,
                   std::shared_ptr<gateway_shared> shared, connection_maker make)
    : gateways_(std::move(gateways)),
      shared_(std::move(shared)),
      make_(make),
      acceptor_(unit.context()),
      pause_(unit.context()) {}

tl::expected<void, std::string> listener::listen(const std::string& address, std::uint16_t port) {
  error_code ec;
  auto host = asio::ip::make_address(address, ec);
  if (ec)
    return tl::unexpected<std::string>(address +
                                       " is no address of an interface; give it as a number, e.g. 127.0.0.1");
  tcp::endpoint endpoint{host, port};
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec)
    acceptor_.set_option(acceptor::reuse_address(true), ec);
  if (!ec)
    acceptor_.bind(endpoint, ec);
  if (!ec)
    acceptor_.listen(acceptor::max_listen_connections, ec);
  if (!ec)
    acceptor_.non_blocking(true, ec);
  if (ec)
    return tl::unexpected<std::string>(why_not(address, port, ec));
  port_ = acceptor_.local_endpoint().port();
  return {};
}

void listener::accept() {
  if (!acceptor_.is_open())
    return;
  const auto& gateway = gateways_[next_];
  next_ = (next_ + 1) % gateways_.size();
  acceptor_.async_accept(gateway->unit().context(), [self = shared_from_this(), &gateway](
                                                      const error_code& ec, connection::socket peer) {
    self->on_accept(ec, std::move(peer), gateway);
  });
}

void listener::close() noexcept {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::on_accept(const error_code& ec, connection::socket&& peer, const gateway_handle& gateway) {
  if (ec == asio::error::operation_aborted || !acceptor_.is_open())
    return;
  if (!ec) {
    warned_ = false;
    hand_over(std::move(peer), gateway);
    return accept();
  }
  if (ec == asio::error::connection_aborted)
    return accept();
  // Want of descriptors or memory: trying again at once would only burn the processor.
  if (!std::exchange(warned_, true))
    spdlog::warn("gateway.accept_failed connections={} what={}", shared_->connections.load(),
                 log_value(ec.message()));
  pause();
}

void listener::pause() {
  pause_.expires_after(shared_->limits.accept_pause);
  pause_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec)
      self->accept();
  });
}

void listener::hand_over(connection::socket&& peer, const gateway_handle& gateway) {
  const auto& limits = shared_->limits;
  connection_place place{shared_};
  auto open = shared_->connections.load(std::memory_order_relaxed);
  if (open > limits.connections_max + limits.refused_connections_max)
    return; // and the socket closes
  asio::dispatch(gateway->unit().context(), [gateway, make = make_, welcome = open <= limits.connections_max,
                                             at = std::move(place), p = std::move(peer)]() mutable {
    try {
      auto c = make(*gateway, std::move(at), std::move(p));
      if (gateway->stopping())
        c->close();
      else if (welcome)
        c->start();
      else
        c->start_refused();
    } catch (const std::exception& e) {
      // Want of memory: the socket is closed, and all others go on.
      gateway->count_crash();
      spdlog::error("session.crashed what={}", log_value(e.what()));
    }
    gateway->unit().flush();
  });
}

} // namespace lmq
