// What a server is started with: one value, complete, with every default.
//
// Made by the command line, read by the wiring. Plain data.
#pragma once

#include "apps/values.hpp"
#include "gateway/limits.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}

namespace lmq {

/// `lmq@` and the machine's name up to its first dot.
std::string default_node_name();

/// As the event loop advises: the cores less one, at least 1.
std::size_t default_threads();

/// The cluster that a node belongs to. As it was asked for: `check_cluster` says whether it makes sense.
struct cluster_settings {
  std::optional<host_port> address;      ///< of this node's cluster port; nothing: no cluster
  std::vector<host_port> join;           ///< cluster ports of others, to be linked with until it works
  std::string tls_cert, tls_key, tls_ca; ///< paths of PEM files; all of them or none
  bool insecure = false;                 ///< beyond loopback without TLS
  std::size_t min_copies = 1;            ///< nodes in view, the home included, below which pushes are refused

  /// Whether any of the TLS files is named.
  bool has_tls() const noexcept { return !tls_cert.empty() || !tls_key.empty() || !tls_ca.empty(); }
};

/// Whom the ports for clients let in. As it was asked for: `open_access` says whether it makes sense.
struct access_settings {
  std::string tokens;           ///< path of a file of tokens; empty: nobody is asked for one
  bool rpc_open = false;        ///< MessagePack-RPC is served although there are tokens, to everybody
  std::string certificate, key; ///< paths of PEM files; both or none

  bool has_tls() const noexcept { return !certificate.empty() || !key.empty(); }

  /// MessagePack-RPC knows no tokens.
  bool serves_rpc() const noexcept { return tokens.empty() || rpc_open; }
};

/// Where messages are kept, and how many.
struct disk_settings {
  std::string directory = "lmq-data";         ///< made if its parent is there
  std::optional<std::size_t> limit_bytes{};   ///< of the directory, beyond which pushes are refused
  std::optional<std::size_t> memory_bytes{};  ///< for messages; nothing: half of what the machine has
  std::optional<std::size_t> reserve_bytes{}; ///< free space below which pushes are refused
  rocksdb::Env* files = nullptr;              ///< a file layer of a test's; null: the system's
};

/// Who gets figures, beside whoever asks for GET /metrics.
struct metrics_settings {
  bool totals_only = false; ///< GET /metrics without what has a label for each queue
  std::optional<host_port> statsd, influxdb;
  std::chrono::milliseconds interval{10'000}; ///< between two datagrams about a queue
};

struct settings {
  host_port http{"127.0.0.1", 9980};
  host_port rpc{"127.0.0.1", 18800};
  access_settings access;
  bool memory = false; ///< nothing is written to a disk
  disk_settings disk;
  std::size_t threads = default_threads();
  std::string name = default_node_name();
  log_level level = log_level::info;
  log_form form = log_form::text;
  cluster_settings cluster;
  metrics_settings metrics;
  std::size_t queues_max = 100'000; ///< that clients may make
  gateway_limits limits;
};

/// Bounds of the settings themselves.
struct settings_limits {
  static constexpr std::size_t threads_max = 256;
  static constexpr std::size_t connections_max = 1'000'000;
  static constexpr std::size_t waiters_max = 100'000'000;
  static constexpr std::size_t queues_max = 100'000'000;
  static constexpr std::size_t min_copies_max = 16;
};

} // namespace lmq
