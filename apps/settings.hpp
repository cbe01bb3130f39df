// What a server is started with: one value, complete, with every default.
//
// Made by the command line, read by the wiring. Plain data.
#pragma once

#include "apps/values.hpp"
#include "gateway/limits.hpp"

#include <cstddef>
#include <string>

namespace lmq {

/// `lmq@` and the machine's name up to its first dot.
std::string default_node_name();

/// As the event loop advises: the cores less one, at least 1.
std::size_t default_threads();

struct settings {
  host_port http{"127.0.0.1", 9980};
  host_port rpc{"127.0.0.1", 18800};
  bool memory = false; ///< asked for in words; all is kept in memory either way
  std::size_t threads = default_threads();
  std::string name = default_node_name();
  log_level level = log_level::info;
  gateway_limits limits;
};

/// Bounds of the settings themselves.
struct settings_limits {
  static constexpr std::size_t threads_max = 256;
  static constexpr std::size_t connections_max = 1'000'000;
};

} // namespace lmq
