#include "gateway/tls/socket_bio.hpp"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace lmq {

namespace {

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool comes_to_nothing_yet() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int write_bytes(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  auto n = send(socket_of(bio), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && comes_to_nothing_yet())
    BIO_set_retry_write(bio);
  *done = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int read_bytes(BIO* bio, char* into, std::size_t room, std::size_t* done) {
  BIO_clear_retry_flags(bio);
  auto n = recv(socket_of(bio), into, room, MSG_DONTWAIT);
  if (n < 0 && comes_to_nothing_yet())
    BIO_set_retry_read(bio);
  if (n == 0)
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *done = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long control(BIO* bio, int what, long, void*) {
  switch (what) {
  case BIO_CTRL_FLUSH: return 1; // nothing is kept back
  case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  default: return 0;
  }
}

/// Lives as long as the program.
BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (m != nullptr) {
      BIO_meth_set_write_ex(m, &write_bytes);
      BIO_meth_set_read_ex(m, &read_bytes);
      BIO_meth_set_ctrl(m, &control);
    }
    return m;
  }();
  return made;
}

} // namespace

BIO* new_socket_bio(int socket) {
  auto* out = method() != nullptr ? BIO_new(method()) : nullptr;
  if (out != nullptr) {
    BIO_set_data(out, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(out, 1);
  }
  return out;
}

} // namespace lmq
