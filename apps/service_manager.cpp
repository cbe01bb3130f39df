#include "apps/service_manager.hpp"

#include "core/log_value.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lmq {

namespace {

struct address {
  sockaddr_un at{};
  socklen_t size = 0;
};

/// Nothing where the name is of another kind, or too long.
std::optional<address> address_of(std::string_view socket) {
  address out;
  out.at.sun_family = AF_UNIX;
  auto is_path = socket.front() == '/';
  // A path needs room for its zero, too.
  if ((!is_path && socket.front() != '@') || socket.size() + (is_path ? 1 : 0) > sizeof out.at.sun_path)
    return std::nullopt;
  std::memcpy(out.at.sun_path, socket.data(), socket.size());
  if (!is_path)
    out.at.sun_path[0] = '\0';
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size() + (is_path ? 1 : 0));
  return out;
}

/// 0, or an errno.
int send_to(std::string_view socket, std::string_view lines) {
  auto to = address_of(socket);
  if (!to)
    return EAFNOSUPPORT;
  auto fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  auto sent = ::sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr*>(&to->at), to->size);
  auto failure = sent < 0 ? errno : 0;
  ::close(fd);
  return failure;
}

} // namespace

void service_manager::ready(std::string_view status) const {
  tell(fmt::format("READY=1\nSTATUS={}", status));
}

void service_manager::reloading() const {
  // The time is what a unit of Type=notify-reload asks for; others pass over it.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

void service_manager::stopping() const {
  tell("STOPPING=1");
}

void service_manager::tell(std::string_view lines) const {
  if (socket_.empty())
    return;
  if (auto failure = send_to(socket_, lines); failure != 0)
    spdlog::warn(
      "service.untold socket={} what={} message={}", log_value(socket_), log_value(std::strerror(failure)),
      log_value(fmt::format("the service manager was not told {}", lines.substr(0, lines.find('\n')))));
}

} // namespace lmq
