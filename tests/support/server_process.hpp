// The real program, `lmq serve`, on ports of its own: ready when it is constructed, gone when it is
// destroyed. Holds the process and its ports; owned by one test or suite, started on the main thread of the
// test.
#pragma once

#include "tests/support/child_process.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lmq::testing {

struct server_options {
  std::vector<std::string> arguments{}; ///< instead of the usual ones of the same name
  std::vector<std::pair<std::string, std::string>> environment{};
  unsigned threads = 1;
  std::uint16_t http_port = 0; ///< 0: a free one
  std::uint16_t rpc_port = 0;
  std::string data_dir{}; ///< empty: all in memory
};

class server_process {
public:
  /// Starts the server and waits until GET /stats is answered, be it with a wish for a token.
  /// Errors: std::runtime_error with the server's own words when it ends instead, or is not ready in time.
  explicit server_process(server_options options = {});

  std::uint16_t http_port() const { return options_.http_port; }

  std::uint16_t rpc_port() const { return options_.rpc_port; }

  bool running() { return child_->running(); }

  /// Asks it to end (SIGTERM) and waits. The exit code; nothing if it did not end in time.
  std::optional<int> stop(seconds patience = answer_time_max);

  /// Ends it at once (SIGKILL), as a power cut would.
  void kill();

  /// For other signals and for its output.
  child_process& process() { return *child_; }

private:
  bool start();

  server_options options_;
  std::unique_ptr<child_process> child_;
};

/// The program under test: the environment's LMQ_PROGRAM, else the one that was built with the tests.
/// Errors: std::runtime_error if there is neither.
std::string program_path();

/// The words of the command line that a server_process is started with.
std::vector<std::string> serve_arguments(const server_options& options);

} // namespace lmq::testing
