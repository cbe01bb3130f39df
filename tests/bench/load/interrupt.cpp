// The one piece of global state: a flag that a signal handler may set.
#include "tests/bench/load/interrupt.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>

namespace lmq::bench {

namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

void note(int) {
  asked_to_stop = 1;
}

} // namespace

void catch_interrupts() noexcept {
  struct sigaction action {};
  action.sa_handler = note; // without SA_RESTART: waits return with EINTR and look at the flag
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

bool was_interrupted() noexcept {
  return asked_to_stop != 0;
}

void throw_if_interrupted() {
  if (was_interrupted())
    throw interrupted{};
}

void let_pass(std::chrono::milliseconds time) {
  timespec left{.tv_sec = time.count() / 1000, .tv_nsec = time.count() % 1000 * 1'000'000};
  throw_if_interrupted();
  while (::nanosleep(&left, &left) != 0 && errno == EINTR)
    throw_if_interrupted();
}

} // namespace lmq::bench
