#include "cluster/transport/tcp.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace lmq {

socket_handle& socket_handle::operator=(socket_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

socket_handle::~socket_handle() {
  if (fd_ >= 0)
    ::close(fd_);
}

int socket_handle::release() noexcept {
  return std::exchange(fd_, -1);
}

std::string address_text(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

namespace {

// Asio's sockets would be inherited by child processes.
void keep_to_ourselves(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

} // namespace

tl::expected<listening_socket, std::string> listen_at(const std::string& host, std::uint16_t port) {
  auto fail = [&](const boost::system::error_code& why) {
    return tl::unexpected<std::string>(
      fmt::format("can't listen at {}: {}", address_text(host, port), why.message()));
  };
  asio::io_context context{1};
  tcp::resolver resolver{context};
  boost::system::error_code error;
  auto found = resolver.resolve(host, std::to_string(port),
                                tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error)
    return fail(error);
  auto where = found.begin()->endpoint();
  tcp::acceptor acceptor{context};
  if (acceptor.open(where.protocol(), error) ||
      acceptor.set_option(tcp::acceptor::reuse_address(true), error) || acceptor.bind(where, error) ||
      acceptor.listen(asio::socket_base::max_listen_connections, error))
    return fail(error);
  auto at = acceptor.local_endpoint(error);
  if (error)
    return fail(error);
  keep_to_ourselves(acceptor.native_handle());
  return listening_socket{socket_handle{acceptor.release()}, at.port()};
}

namespace {

/// One attempt. Kept alive by its own pending operations.
class attempt : public std::enable_shared_from_this<attempt> {
public:
  attempt(asio::io_context& on, std::string address, std::function<void(dialled)> done)
      : resolver_(on), socket_(on), timer_(on), address_(std::move(address)), done_(std::move(done)) {}

  void start(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit) {
    timer_.expires_after(limit);
    timer_.async_wait([self = shared_from_this(), limit](const boost::system::error_code& aborted) {
      if (!aborted)
        self->end(tl::unexpected(dial_error{
          false, fmt::format("nothing was heard from {} for {} ms", self->address_, limit.count())}));
    });
    boost::system::error_code not_numeric;
    auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric)
      return connect(tcp::resolver::results_type::create(tcp::endpoint{address, port}, host, {}));
    resolver_.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const boost::system::error_code& error, tcp::resolver::results_type found) {
        if (error)
          self->fail(error);
        else
          self->connect(std::move(found));
      });
  }

private:
  void connect(tcp::resolver::results_type to) {
    if (!done_)
      return;
    asio::async_connect(
      socket_, to, [self = shared_from_this()](const boost::system::error_code& error, const tcp::endpoint&) {
        if (error)
          return self->fail(error);
        if (!self->done_)
          return;
        keep_to_ourselves(self->socket_.native_handle());
        boost::system::error_code unreleased;
        socket_handle socket{self->socket_.release(unreleased)};
        if (unreleased)
          return self->fail(unreleased);
        self->end(std::move(socket));
      });
  }

  void fail(const boost::system::error_code& error) {
    end(tl::unexpected(dial_error{error == asio::error::connection_refused,
                                  fmt::format("can't connect to {}: {}", address_, error.message())}));
  }

  void end(dialled outcome) {
    auto done = std::exchange(done_, nullptr);
    if (!done)
      return;
    timer_.cancel();
    resolver_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
    done(std::move(outcome));
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::string address_;
  std::function<void(dialled)> done_; ///< null once called
};

} // namespace

void dial(asio::io_context& on, const std::string& host, std::uint16_t port, std::chrono::milliseconds limit,
          std::function<void(dialled)> done) {
  std::make_shared<attempt>(on, address_text(host, port), std::move(done))->start(host, port, limit);
}

} // namespace lmq
