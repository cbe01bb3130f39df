// Reading and writing one client connection.
#include "tests/bench/load/connection.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace lmq::bench {

namespace {

constexpr std::size_t buffer_bytes_at_first = 4096;

bool would_block() noexcept {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

connection connection::try_open(const endpoint& to) {
  connection out{try_connect(to)};
  if (out.is_open() && to.tls && !(out.tls_ = tls_link::try_begin(out.fd()))) {
    out.close();
    errno = EPROTO;
  }
  return out;
}

ssize_t connection::send_some(std::string_view bytes) noexcept {
  return tls_ ? tls_->send(bytes) : ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

ssize_t connection::receive_some() noexcept {
  auto* into = buffer_.data() + to_;
  const auto room = buffer_.size() - to_;
  return tls_ ? tls_->receive(into, room) : ::recv(fd(), into, room, 0);
}

bool connection::send(std::string_view bytes) {
  if (wants_to_write()) {
    unsent_.append(bytes);
    return true;
  }
  const auto sent = send_some(bytes);
  if (sent < 0 && !would_block())
    return false;
  const auto taken = sent < 0 ? std::size_t{0} : static_cast<std::size_t>(sent);
  if (taken < bytes.size()) {
    unsent_.assign(bytes.substr(taken));
    unsent_from_ = 0;
  }
  return true;
}

bool connection::flush() {
  while (wants_to_write()) {
    const auto sent = send_some(std::string_view{unsent_}.substr(unsent_from_));
    if (sent < 0)
      return would_block();
    unsent_from_ += static_cast<std::size_t>(sent);
  }
  unsent_.clear();
  unsent_from_ = 0;
  return true;
}

connection::got connection::receive() {
  do {
    if (to_ == buffer_.size()) {
      if (buffer_.empty())
        buffer_.resize(buffer_bytes_at_first);
      else
        buffer_.resize(buffer_.size() * 2);
    }
    const auto bytes = receive_some();
    if (bytes <= 0)
      return bytes < 0 && would_block() ? got::nothing : got::closed;
    to_ += static_cast<std::size_t>(bytes);
  } while (tls_ && tls_->has_more());
  return got::bytes;
}

void connection::consume(std::size_t bytes) noexcept {
  from_ += bytes;
  if (from_ >= to_)
    from_ = to_ = 0;
}

} // namespace lmq::bench
