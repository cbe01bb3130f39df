// A server that the benchmark started: ended by its pid when its owner goes, also on Ctrl-C, and by the
// kernel should the benchmark itself be killed.
#pragma once

#include "tests/bench/load/socket.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace lmq::bench {

class child_process {
public:
  /// Starts `command` (its first word is a path) with its output going to a file.
  /// Errors: std::system_error if it can't be executed. Only on the main thread: the kernel ends the child
  /// when the thread that started it ends.
  child_process(const std::vector<std::string>& command, std::filesystem::path output);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  pid_t pid() const noexcept { return pid_; }

  /// True as soon as it has ended; false when the time is over. Errors: interrupted
  bool wait_for_end(std::chrono::milliseconds at_most);

  /// SIGTERM, then SIGKILL after ten seconds. Its exit code, or 128 + the signal that ended it.
  int stop() noexcept;

  /// The last lines it wrote, for an error message.
  std::string last_output() const;

private:
  bool ends_within(int milliseconds) noexcept;
  void reap() noexcept;

  pid_t pid_ = 0;
  unique_fd handle_; // a pidfd: readable when the process has ended
  std::filesystem::path output_;
  bool running_ = false;
  int status_ = 0;
};

/// The path of a program in PATH or in the system folders that are often not in it; empty if there is none.
std::filesystem::path find_program(const std::string& name);

} // namespace lmq::bench
