// Where a server listens, and plain TCP sockets to it. Loopback only: a load generator has no business
// elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lmq::bench {

/// A TCP port on this machine, and what its server asks for.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token{}; // goes with each HTTP request; empty: none
  bool tls = false;

  /// `host:port`, as in a Host header.
  std::string text() const { return host + ":" + std::to_string(port); }
};

/// Reads `http://127.0.0.1:9980`, with or without scheme and trailing slash.
/// Errors: std::invalid_argument if it isn't a port on the loopback interface
endpoint parse_url(std::string_view url);

/// A file descriptor that closes itself.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_{fd} {}
  unique_fd(unique_fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

private:
  int fd_ = -1;
};

/// Connects and makes the socket non-blocking, without Nagle's delay.
/// Errors: an empty descriptor; errno says why
unique_fd try_connect(const endpoint& to) noexcept;

/// Makes the next close of this socket a reset, as when a peer's machine vanishes.
void close_with_reset(unique_fd& socket) noexcept;

/// A port that was free a moment ago. Errors: std::system_error
std::uint16_t find_free_port();

/// Raises the limit of open files as far as allowed, for us and the children to come; the limit then.
std::uint64_t raise_open_files_limit() noexcept;

} // namespace lmq::bench
