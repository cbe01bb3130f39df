// How many files, and so connections, the process may have open.
//
// Plain functions over the process's limit; main thread, before others start.
#pragma once

#include "gateway/limits.hpp"

#include <cstddef>

namespace lmq {

/// What the process needs besides its HTTP connections: logs, listeners, epoll, timers; and some to spare.
inline constexpr std::size_t files_reserved = 64;

/// Raises the soft limit to the hard one. Returns what holds now, at most what a size_t takes.
std::size_t raise_file_limit();

/// Takes the limits on connections down to what `files` allow. Returns whether it had to.
bool fit_into_files(gateway_limits& limits, std::size_t files);

} // namespace lmq
