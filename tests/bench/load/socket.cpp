// Sockets to servers on the loopback interface.
#include "tests/bench/load/socket.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace lmq::bench {

namespace {

constexpr auto connect_seconds_max = 5;

sockaddr_in address_of(const endpoint& at) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(at.port);
  ::inet_pton(AF_INET, at.host.c_str(), &address.sin_addr);
  return address;
}

} // namespace

endpoint parse_url(std::string_view url) {
  const auto refuse = [&] {
    return std::invalid_argument{"not http://127.x.y.z:PORT (this load is for loopback only): " +
                                 std::string{url}};
  };
  auto rest = url;
  if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  while (rest.ends_with('/'))
    rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos)
    throw refuse();
  endpoint result;
  result.host = std::string{rest.substr(0, colon)};
  if (result.host == "localhost")
    result.host = "127.0.0.1";
  const auto digits = rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  in_addr parsed{};
  if (error != std::errc{} || end != digits.data() + digits.size() || result.port == 0 ||
      !result.host.starts_with("127.") || ::inet_pton(AF_INET, result.host.c_str(), &parsed) != 1)
    throw refuse();
  return result;
}

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

unique_fd try_connect(const endpoint& to) noexcept {
  unique_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd)
    return {};
  const auto address = address_of(to);
  // Blocking: on loopback a connect ends at once, or waits for room in the backlog, which is what we want,
  // but not for ever (a connect honours the time limit of sending).
  const timeval at_most{.tv_sec = connect_seconds_max, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &at_most, sizeof at_most);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
    return {};
  return fd;
}

void close_with_reset(unique_fd& socket) noexcept {
  if (!socket)
    return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

std::uint16_t find_free_port() {
  unique_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = address_of({});
  socklen_t size = sizeof address;
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error{errno, std::generic_category(), "no free port"};
  return ntohs(address.sin_port);
}

std::uint64_t raise_open_files_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

} // namespace lmq::bench
