#include "apps/rpc_door.hpp"

#include "apps/resolve.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

namespace lmq {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// After an accept that failed (no file descriptor left), so as not to try it in a circle.
constexpr std::chrono::milliseconds pause_after_failure{100};

} // namespace

struct rpc_door::state {
  explicit state(tcp::acceptor&& bound, std::unique_ptr<boost::asio::io_context> its_context)
      : context(std::move(its_context)), acceptor(std::move(bound)), pause(*context) {
    accept();
    thread = std::thread{[this] { context->run(); }};
  }

  ~state() {
    context->stop();
    thread.join();
  }

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket caller) {
      if (error)
        return wait();
      // One line is enough to find out; who calls in a circle must not fill the log.
      spdlog::log(
        std::exchange(told, true) ? spdlog::level::debug : spdlog::level::warn,
        "rpc.closed message=\"MessagePack-RPC is not served yet; the caller's connection is closed\"");
      caller.close(error);
      accept();
    });
  }

  void wait() {
    pause.expires_after(pause_after_failure);
    pause.async_wait([this](error_code error) {
      if (!error)
        accept();
    });
  }

  std::unique_ptr<boost::asio::io_context> context; ///< before what is made with it
  tcp::acceptor acceptor;
  boost::asio::steady_timer pause;
  bool told = false; ///< own thread
  std::thread thread;
};

checked<rpc_door> rpc_door::open(const host_port& address) {
  auto endpoint = resolve(address);
  if (!endpoint)
    return tl::unexpected<std::string>(std::move(endpoint).error());
  auto context = std::make_unique<boost::asio::io_context>(1);
  tcp::acceptor acceptor{*context};
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error)
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error)
    acceptor.bind(*endpoint, error);
  if (!error)
    acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error == boost::asio::error::address_in_use)
    return tl::unexpected<std::string>(to_text(address) + " is in use");
  if (error)
    return tl::unexpected<std::string>(to_text(address) + " can't be listened at: " + error.message());
  return rpc_door{std::make_unique<state>(std::move(acceptor), std::move(context))};
}

rpc_door::rpc_door(std::unique_ptr<state> s) : state_(std::move(s)) {}
rpc_door::rpc_door(rpc_door&&) noexcept = default;
rpc_door& rpc_door::operator=(rpc_door&&) noexcept = default;
rpc_door::~rpc_door() = default;

std::uint16_t rpc_door::port() const {
  return state_->acceptor.local_endpoint().port();
}

} // namespace lmq
