// A program that a test starts: with its output kept, its exit code told, and its end made certain.
// Holds the process; owned by one test or fixture. It dies with the thread that started it, so start it
// on the main thread of the test.
#pragma once

#include "tests/support/time_limit.hpp"
#include "tests/support/unique_fd.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lmq::testing {

struct command {
  std::string program;                                            ///< a path
  std::vector<std::string> arguments{};                           ///< without the program's own name
  std::vector<std::pair<std::string, std::string>> environment{}; ///< on top of the test's own
};

class child_process {
public:
  /// Starts it. Errors: std::runtime_error; a program that can't be executed exits with 127.
  explicit child_process(const command& what);

  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Kills it if it still runs.
  ~child_process();

  pid_t pid() const { return pid_; }

  /// Whether it has not ended yet.
  bool running() { return !wait(seconds{0}).has_value(); }

  void signal(int number);

  /// The exit code once it has ended, or 128 + the signal that ended it; nothing if it still runs after
  /// that time. May be asked again.
  std::optional<int> wait(seconds patience = answer_time_max);

  /// What it has written up to now.
  std::string standard_output() const;
  std::string standard_error() const;

private:
  unique_fd out_;
  unique_fd err_;
  unique_fd handle_; // a pidfd: readable when the process has ended
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

} // namespace lmq::testing
