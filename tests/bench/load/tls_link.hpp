// The client's end of TLS on one connection, for loads on a server that speaks it. Trusts anyone: it is our
// own server, on the loopback, and only its speed is asked for. Owned by a connection; used on that one's
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <sys/types.h>

struct ssl_st;

namespace lmq::bench {

class tls_link {
public:
  /// Shakes hands, which blocks for a moment. Errors: nothing is returned if the server does not speak TLS
  static std::unique_ptr<tls_link> try_begin(int socket);

  /// As send(2) and recv(2) on a socket that does not block: -1 and errno, EAGAIN where nothing is possible
  /// now. What was not sent is sent again with the same bytes in front.
  ssize_t send(std::string_view bytes) noexcept;
  ssize_t receive(char* into, std::size_t room) noexcept;

  /// What has come was not all received, and no event of the socket will tell of it.
  bool has_more() const noexcept;

private:
  explicit tls_link(ssl_st* session) noexcept;

  ssize_t outcome(int result) noexcept;

  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
};

} // namespace lmq::bench
