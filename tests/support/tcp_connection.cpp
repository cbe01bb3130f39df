// The socket calls behind tcp_connection: non-blocking, with poll(2) as the only place that waits.
#include "tests/support/tcp_connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lmq::testing {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string describe(const char* what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

bool peer_is_gone(int error) {
  return error == EPIPE || error == ECONNRESET;
}

} // namespace

tcp_connection::tcp_connection(std::uint16_t port, seconds patience)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (!socket_)
    throw connection_lost(describe("socket", errno));
  // Requests in pieces must leave as they are written, not when the last piece was acknowledged.
  int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto address = loopback(port);
  if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return;
  if (errno != EINPROGRESS)
    throw connection_lost(describe("connect", errno));
  if (!await(POLLOUT, time_limit{patience}))
    throw timed_out("no connection in time");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    throw connection_lost(describe("connect", error));
}

void tcp_connection::send(std::string_view bytes, seconds patience) {
  if (send_while_open(bytes, patience) != bytes.size())
    throw connection_lost("the peer ended the connection while bytes were sent to it");
}

std::size_t tcp_connection::send_while_open(std::string_view bytes, seconds patience) {
  time_limit limit{patience};
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    auto count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (peer_is_gone(errno)) {
      break;
    } else if (errno != EAGAIN && errno != EINTR) {
      throw connection_lost(describe("send", errno));
    } else if (!await(POLLOUT, limit)) {
      throw timed_out("the peer did not read in time");
    }
  }
  return sent;
}

std::optional<std::string> tcp_connection::receive(time_limit limit) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0)
      return std::string(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0)
      return std::nullopt;
    if (errno != EAGAIN && errno != EINTR)
      throw connection_lost(describe("receive", errno));
    if (!await(POLLIN, limit))
      throw timed_out("nothing received in time");
  }
}

bool tcp_connection::readable_within(seconds pause) const {
  return await(POLLIN, time_limit{pause});
}

void tcp_connection::shut_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void tcp_connection::close() {
  socket_.reset();
}

void tcp_connection::reset() {
  linger abrupt{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
  socket_.reset();
}

bool tcp_connection::await(short events, const time_limit& limit) const {
  pollfd entry{socket_.get(), events, 0};
  for (;;) {
    auto count = ::poll(&entry, 1, limit.left_ms());
    if (count > 0)
      return true;
    if (count == 0)
      return false;
    if (errno != EINTR)
      throw connection_lost(describe("poll", errno));
  }
}

std::uint16_t free_port() {
  unique_fd probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (!probe || ::bind(probe.get(), raw, size) != 0 || ::getsockname(probe.get(), raw, &size) != 0)
    throw std::runtime_error(describe("no free port", errno));
  return ntohs(address.sin_port);
}

} // namespace lmq::testing
