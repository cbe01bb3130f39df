#include "metrics/udp_sender.hpp"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace lmq::metrics {

udp_sender::~udp_sender() {
  close();
}

std::string udp_sender::send(const std::vector<std::string>& datagrams) {
  if (socket_ < 0)
    if (auto failed = connect(); !failed.empty())
      return failed;
  for (const auto& one : datagrams) {
    if (::send(socket_, one.data(), one.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      continue;
    // Refused: nobody listened to an earlier one; somebody may to the next. Too long: this line alone.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ECONNREFUSED ||
        errno == EMSGSIZE)
      continue;
    auto why = std::generic_category().message(errno);
    close();
    return why;
  }
  return {};
}

std::string udp_sender::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (auto error = getaddrinfo(to_.host.c_str(), std::to_string(to_.port).c_str(), &hints, &found);
      error != 0)
    return gai_strerror(error);
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all{found, &freeaddrinfo};
  std::string why = "no address";
  for (const auto* a = all.get(); a != nullptr; a = a->ai_next) {
    socket_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (socket_ >= 0 && ::connect(socket_, a->ai_addr, a->ai_addrlen) == 0)
      return {};
    why = std::generic_category().message(errno);
    close();
  }
  return why;
}

void udp_sender::close() noexcept {
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
}

} // namespace lmq::metrics
