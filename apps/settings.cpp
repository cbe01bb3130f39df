#include "apps/settings.hpp"

#include "event_loop/coordinator.hpp"

#include <unistd.h>

#include <array>

namespace lmq {

std::string default_node_name() {
  std::array<char, 256> host{};
  // The last byte stays 0: POSIX leaves open whether a name that is cut ends with one.
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0')
    return "lmq@localhost";
  auto full = std::string{host.data()};
  return "lmq@" + full.substr(0, full.find('.'));
}

std::size_t default_threads() {
  return default_io_threads();
}

} // namespace lmq
