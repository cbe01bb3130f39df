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

bool connection::send(std::string_view bytes) {
  if (wants_to_write()) {
    unsent_.append(bytes);
    return true;
  }
  const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
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
    const auto sent =
      ::send(fd(), unsent_.data() + unsent_from_, unsent_.size() - unsent_from_, MSG_NOSIGNAL);
    if (sent < 0)
      return would_block();
    unsent_from_ += static_cast<std::size_t>(sent);
  }
  unsent_.clear();
  unsent_from_ = 0;
  return true;
}

connection::got connection::receive() {
  if (to_ == buffer_.size()) {
    if (buffer_.empty())
      buffer_.resize(buffer_bytes_at_first);
    else
      buffer_.resize(buffer_.size() * 2);
  }
  const auto bytes = ::recv(fd(), buffer_.data() + to_, buffer_.size() - to_, 0);
  if (bytes > 0) {
    to_ += static_cast<std::size_t>(bytes);
    return got::bytes;
  }
  return bytes < 0 && would_block() ? got::nothing : got::closed;
}

void connection::consume(std::size_t bytes) noexcept {
  from_ += bytes;
  if (from_ >= to_)
    from_ = to_ = 0;
}

} // namespace lmq::bench
