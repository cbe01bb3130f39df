// Starts what is measured: LMQ, nginx (the yardstick of an HTTP request), beanstalkd (of a queue) and redis
// (of what is on the disk).
#pragma once

#include "tests/bench/load/socket.hpp"
#include "tests/bench/servers/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lmq::bench {

/// A server that answers, ours to end or somebody else's.
struct server {
  std::string name;
  endpoint at;
  endpoint rpc;  // LMQ's second port; none for others and for an external server
  pid_t pid = 0; // 0: unknown, its CPU and memory can't be told
  std::unique_ptr<testing::temporary_folder> home; // of its configuration and output; outlives the child
  std::unique_ptr<child_process> child;            // none for an external server
};

/// Where a server keeps what it has taken when it answers. On the disk: below its home.
enum class storage { memory, disk };

/// Whom LMQ lets in. Both take place on the measured path.
struct access_guard {
  bool tokens = false; // each request bears one
  bool tls = false;
};

struct lmq_options {
  std::string path;                // of the program
  std::string url;                 // not empty: an external server, nothing is started
  pid_t pid = 0;                   // of the external server, if known
  unsigned threads = 1;            // passed on
  storage keeps = storage::memory; // where it is told to
  access_guard guard{};            // none for an external server
  std::vector<std::string> extra;  // further arguments for it
};

/// Starts LMQ and waits until GET /health answers 200.
/// Errors: std::runtime_error with what it wrote, if it doesn't get ready within 30 s
server launch_lmq(const lmq_options& options);

/// One worker, no log, keep-alive without end; answers any request with `{"accum":"no"}`.
/// Nothing, if nginx isn't installed. Errors: as launch_lmq
std::optional<server> launch_nginx();

/// On the disk: synced at each put. Nothing, if beanstalkd isn't installed. Errors: as launch_lmq
std::optional<server> launch_beanstalkd(storage keeps);

/// Answers what is synced to its log, and takes no snapshots. Nothing, if redis-server isn't installed.
/// Errors: as launch_lmq
std::optional<server> launch_redis();

/// The first line that `program -v` prints; empty if it isn't installed.
std::string version_of(const std::string& program);

} // namespace lmq::bench
