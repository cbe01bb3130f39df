#include "apps/file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace lmq {

std::size_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return files_reserved * 2;
  auto raised = limit;
  raised.rlim_cur = raised.rlim_max;
  return static_cast<std::size_t>(setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur);
}

bool fit_into_files(gateway_limits& limits, std::size_t files) {
  auto room = files > files_reserved + 1 ? files - files_reserved : 2;
  // Those that are about to hear a 503 have a file open as well.
  limits.refused_connections_max =
    std::min(limits.refused_connections_max, std::max<std::size_t>(room / 4, 1));
  room -= limits.refused_connections_max;
  if (limits.connections_max <= room)
    return false;
  limits.connections_max = room;
  return true;
}

} // namespace lmq
