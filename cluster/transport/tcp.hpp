// TCP sockets for CAF to work with: listening ones, and connected ones that nobody waits for.
//
// CAF 0.17.6 connects in blocking mode, for all addresses on one thread: an address that swallows packets
// would hold up the others for two minutes. And it does not say whether a connection was refused. So both are
// made here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

namespace boost::asio {
class io_context;
}

namespace lmq {

/// Owns a file descriptor.
class socket_handle {
public:
  socket_handle() = default;
  explicit socket_handle(int fd) noexcept : fd_(fd) {}
  socket_handle(socket_handle&& other) noexcept : fd_(other.release()) {}
  socket_handle& operator=(socket_handle&& other) noexcept;
  ~socket_handle();

  int get() const noexcept { return fd_; }
  int release() noexcept;

private:
  int fd_ = -1;
};

/// HOST:PORT, or [HOST]:PORT where the host has colons.
std::string address_text(const std::string& host, std::uint16_t port);

struct listening_socket {
  socket_handle socket;
  std::uint16_t port = 0;
};

/// @param port  0: any
/// Errors: a sentence, with the system's reason
tl::expected<listening_socket, std::string> listen_at(const std::string& host, std::uint16_t port);

struct dial_error {
  bool refused = false; ///< nobody listens there
  std::string why;      ///< a sentence
};

using dialled = tl::expected<socket_handle, dial_error>;

/// Connects, and calls `done` on the context's thread: once, at most `limit` after this call. A name is
/// looked up on a thread of Asio's own. Call on the context's thread; `done` is destroyed uncalled where the
/// context goes first.
void dial(boost::asio::io_context& on, const std::string& host, std::uint16_t port,
          std::chrono::milliseconds limit, std::function<void(dialled)> done);

} // namespace lmq
