// A stranger at a port: plain TCP, byte by byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace lmq::test {

class raw_client {
public:
  explicit raw_client(std::uint16_t port) : socket_(context_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    timeval limit{20, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  void say(std::string_view what) {
    boost::system::error_code gone;
    boost::asio::write(socket_, boost::asio::buffer(what.data(), what.size()), gone);
  }

  /// Reads to the end. False: it does not come in time.
  bool is_closed() {
    char buffer[4096];
    for (;;) {
      auto n = ::recv(socket_.native_handle(), buffer, sizeof buffer, 0);
      if (n == 0 || (n < 0 && errno == ECONNRESET))
        return true;
      if (n < 0)
        return false;
    }
  }

private:
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::socket socket_;
};

} // namespace lmq::test
