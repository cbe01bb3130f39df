// OpenSSL on a socket of the load generator.
#include "tests/bench/load/tls_link.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

namespace lmq::bench {

namespace {

constexpr int handshake_milliseconds_max = 5000;

/// One for the whole program, as long as it runs.
SSL_CTX* shared_context() noexcept {
  static SSL_CTX* const made = [] {
    // OpenSSL writes to a peer that has gone without a word to keep the signal away.
    std::signal(SIGPIPE, SIG_IGN);
    auto* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
    return context;
  }();
  return made;
}

} // namespace

tls_link::tls_link(ssl_st* session) noexcept : session_{session, &SSL_free} {}

std::unique_ptr<tls_link> tls_link::try_begin(int socket) {
  std::unique_ptr<tls_link> made{new tls_link{SSL_new(shared_context())}};
  auto* session = made->session_.get();
  SSL_set_fd(session, socket);
  for (;;) {
    ERR_clear_error();
    const auto result = SSL_connect(session);
    if (result == 1)
      return made;
    pollfd look{.fd = socket, .events = 0, .revents = 0};
    switch (SSL_get_error(session, result)) {
    case SSL_ERROR_WANT_READ: look.events = POLLIN; break;
    case SSL_ERROR_WANT_WRITE: look.events = POLLOUT; break;
    default: return nullptr;
    }
    if (::poll(&look, 1, handshake_milliseconds_max) <= 0)
      return nullptr;
  }
}

ssize_t tls_link::send(std::string_view bytes) noexcept {
  ERR_clear_error();
  return outcome(
    SSL_write(session_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30))));
}

ssize_t tls_link::receive(char* into, std::size_t room) noexcept {
  ERR_clear_error();
  return outcome(SSL_read(session_.get(), into, static_cast<int>(std::min<std::size_t>(room, 1 << 30))));
}

bool tls_link::has_more() const noexcept {
  return SSL_pending(session_.get()) > 0;
}

ssize_t tls_link::outcome(int result) noexcept {
  if (result > 0)
    return result;
  switch (SSL_get_error(session_.get(), result)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
  case SSL_ERROR_ZERO_RETURN: return 0;
  default: errno = ECONNRESET; return -1;
  }
}

} // namespace lmq::bench
