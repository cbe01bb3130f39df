// fork and exec with the output in memory files: nothing to drain, so the child never waits for us.
#include "tests/support/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace lmq::testing {

namespace {

constexpr int exit_code_of_no_program = 127;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (auto& string : strings)
    out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

/// The words of `environ` for the child. The first entry of a name counts, so ours stand first.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& extra) {
  std::vector<std::string> out;
  out.reserve(extra.size());
  for (auto& [name, value] : extra)
    out.emplace_back(name).append("=").append(value);
  for (char** entry = environ; *entry != nullptr; ++entry)
    out.emplace_back(*entry);
  return out;
}

std::string contents(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    fail("fstat");
  std::string out(static_cast<std::size_t>(status.st_size), '\0');
  auto count = ::pread(fd, out.data(), out.size(), 0);
  out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return out;
}

// After fork, in the child: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, int out, int err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(exit_code_of_no_program); // the test ended in between
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  auto nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(exit_code_of_no_program);
}

} // namespace

child_process::child_process(const command& what)
    : out_(::memfd_create("stdout", MFD_CLOEXEC)), err_(::memfd_create("stderr", MFD_CLOEXEC)) {
  if (!out_ || !err_)
    fail("memfd_create");
  // Two writers of one file (spdlog and a sanitizer) must not write over each other.
  for (auto* file : {&out_, &err_})
    ::fcntl(file->get(), F_SETFL, O_APPEND);
  std::vector<std::string> words{what.program};
  words.insert(words.end(), what.arguments.begin(), what.arguments.end());
  auto settings = environment_with(what.environment);
  auto arguments = pointers_to(words);
  auto environment = pointers_to(settings);
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(arguments.data(), environment.data(), out_.get(), err_.get(), parent);
  if (pid_ < 0)
    fail("fork");
  // glibc 2.36 declares pidfd_open() without C linkage.
  handle_ = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!handle_)
    fail("pidfd_open");
}

child_process::~child_process() {
  if (!running())
    return;
  signal(SIGKILL);
  wait();
}

void child_process::signal(int number) {
  if (!exit_code_)
    ::kill(pid_, number);
}

std::optional<int> child_process::wait(seconds patience) {
  if (exit_code_)
    return exit_code_;
  time_limit limit{patience};
  pollfd entry{handle_.get(), POLLIN, 0};
  int count = 0;
  do
    count = ::poll(&entry, 1, limit.left_ms());
  while (count < 0 && errno == EINTR);
  if (count < 0)
    fail("poll");
  if (count == 0)
    return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    fail("waitpid");
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

std::string child_process::standard_output() const {
  return contents(out_.get());
}

std::string child_process::standard_error() const {
  return contents(err_.get());
}

} // namespace lmq::testing
