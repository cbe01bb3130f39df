// fork, exec and the end of a child.
#include "tests/bench/servers/child_process.hpp"

#include "tests/bench/load/interrupt.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace lmq::bench {

namespace {

constexpr int term_patience_ms = 10'000;

[[noreturn]] void become(char* const* arguments, int output, int failure_pipe, pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent)
    ::_exit(127);
  ::setpgid(0, 0); // Ctrl-C is for the benchmark; it ends its children itself
  std::signal(SIGPIPE, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::execv(arguments[0], arguments);
  const int why = errno;
  [[maybe_unused]] const auto written = ::write(failure_pipe, &why, sizeof why);
  ::_exit(127);
}

} // namespace

child_process::child_process(const std::vector<std::string>& command, std::filesystem::path output)
    : output_{std::move(output)} {
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const unique_fd log{::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  int ends[2];
  if (!log || ::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error{errno, std::generic_category(), "can't prepare to start " + command.front()};
  const unique_fd read_end{ends[0]};
  unique_fd write_end{ends[1]};
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::system_error{errno, std::generic_category(), "fork"};
  if (pid_ == 0)
    become(arguments.data(), log.get(), write_end.get(), parent);
  running_ = true;
  write_end.reset();
  handle_ = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  int why = 0;
  // The pipe closes on a successful exec.
  if (::read(read_end.get(), &why, sizeof why) == sizeof why) {
    reap();
    throw std::system_error{why, std::generic_category(), "can't execute " + command.front()};
  }
}

child_process::~child_process() {
  stop();
}

bool child_process::ends_within(int milliseconds) noexcept {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + std::chrono::milliseconds{milliseconds};
  while (running_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd look{.fd = handle_.get(), .events = POLLIN, .revents = 0};
    const auto ready = ::poll(&look, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0)
      reap();
    else if (ready == 0 || was_interrupted())
      return false;
  }
  return true;
}

bool child_process::wait_for_end(std::chrono::milliseconds at_most) {
  const auto ended = ends_within(static_cast<int>(at_most.count()));
  throw_if_interrupted();
  return ended;
}

void child_process::reap() noexcept {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  running_ = false;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_process::stop() noexcept {
  if (!running_)
    return status_;
  ::kill(pid_, SIGTERM);
  // A second Ctrl-C ends the patience (poll comes back with EINTR).
  if (!ends_within(term_patience_ms) && running_) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  return status_;
}

std::string child_process::last_output() const {
  constexpr std::size_t lines_max = 40;
  std::ifstream in{output_};
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > lines_max)
      lines.pop_front();
  }
  std::string result;
  for (const auto& line : lines)
    result += "  | " + line + "\n";
  return result;
}

std::filesystem::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path == nullptr ? "" : path} + ":/usr/sbin:/usr/local/sbin:/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto candidate = std::filesystem::path{folder} / name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return {};
}

} // namespace lmq::bench
