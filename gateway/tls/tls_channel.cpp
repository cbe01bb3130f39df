#include "gateway/tls/tls_channel.hpp"

#include "gateway/tls/socket_bio.hpp"
#include "gateway/tls/tls_identity.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace lmq {

namespace {

/// The first byte of whatever begins a handshake.
constexpr unsigned char handshake_record = 22;

bool is_letter(unsigned char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

} // namespace

tls_channel::tls_channel(std::shared_ptr<const tls_identity> identity, int socket) noexcept
    : identity_(std::move(identity)), session_(nullptr, &SSL_free), socket_(socket) {}

tls_channel::~tls_channel() = default;

tls_progress tls_channel::shake_hands() {
  if (!session_) {
    if (auto seen = first_look(); seen != tls_progress::done)
      return seen;
    session_.reset(identity_->new_session());
    auto* bio = session_ ? new_socket_bio(socket_) : nullptr;
    if (bio == nullptr)
      throw std::bad_alloc{};
    SSL_set_bio(session_.get(), bio, bio);
  }
  ERR_clear_error();
  if (auto result = SSL_do_handshake(session_.get()); result != 1)
    return why_not(result);
  open_ = true;
  return tls_progress::done;
}

/// What is no handshake is left where it is, and OpenSSL is not asked to make anything for it.
tls_progress tls_channel::first_look() const noexcept {
  unsigned char first = 0;
  auto n = recv(socket_, &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n == 0)
    return tls_progress::ended;
  if (n < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? tls_progress::wants_read
                                                                     : tls_progress::failed;
  if (first == handshake_record)
    return tls_progress::done;
  return is_letter(first) ? tls_progress::plain : tls_progress::failed;
}

tls_transfer tls_channel::read(char* into, std::size_t room) {
  ERR_clear_error();
  std::size_t n = 0;
  starved_ = SSL_read_ex(session_.get(), into, room, &n) != 1;
  if (!starved_)
    return {tls_progress::done, n};
  return {why_not(0), 0};
}

tls_transfer tls_channel::write(const char* bytes, std::size_t size) {
  ERR_clear_error();
  std::size_t n = 0;
  if (SSL_write_ex(session_.get(), bytes, std::min(size, record_bytes_max), &n) == 1)
    return {tls_progress::done, n};
  return {why_not(0), 0};
}

tls_progress tls_channel::why_not(int result) noexcept {
  switch (SSL_get_error(session_.get(), result)) {
  case SSL_ERROR_WANT_READ: return tls_progress::wants_read;
  case SSL_ERROR_WANT_WRITE: return tls_progress::wants_write;
  case SSL_ERROR_ZERO_RETURN: return tls_progress::ended;
  default: broken_ = true; return tls_progress::failed;
  }
}

bool tls_channel::has_more() const noexcept {
  return !starved_ && SSL_has_pending(session_.get()) == 1;
}

void tls_channel::end() noexcept {
  if (!open_ || broken_)
    return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

} // namespace lmq
