// One non-blocking client connection and its two buffers, which are kept from request to request.
// Owned by a session of the closed loop; used on that loop's thread.
#pragma once

#include "tests/bench/load/socket.hpp"
#include "tests/bench/load/tls_link.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::bench {

class connection {
public:
  enum class got { bytes, nothing, closed };

  connection() = default;
  explicit connection(unique_fd socket) noexcept : socket_{std::move(socket)} {}

  /// Connects, and shakes hands where there is TLS. Errors: one that is not open; errno says why
  static connection try_open(const endpoint& to);

  int fd() const noexcept { return socket_.get(); }
  bool is_open() const noexcept { return static_cast<bool>(socket_); }

  /// Sends what the socket takes and keeps the rest for flush(). False: the peer is gone.
  /// Cost: no allocation unless the socket is full
  bool send(std::string_view bytes);
  bool flush();
  bool wants_to_write() const noexcept { return unsent_from_ < unsent_.size(); }

  /// Reads once. The buffer grows with the largest answer and never shrinks.
  got receive();
  std::string_view received() const noexcept { return {buffer_.data() + from_, to_ - from_}; }
  void consume(std::size_t bytes) noexcept;

  void close() noexcept { socket_.reset(); }
  void reset() noexcept { close_with_reset(socket_); }

private:
  ssize_t send_some(std::string_view bytes) noexcept;
  ssize_t receive_some() noexcept;

  unique_fd socket_;
  std::unique_ptr<tls_link> tls_; // none: bytes go as they are
  std::vector<char> buffer_;
  std::size_t from_ = 0;
  std::size_t to_ = 0;
  std::string unsent_;
  std::size_t unsent_from_ = 0;
};

} // namespace lmq::bench
