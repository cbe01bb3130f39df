// What the process does to itself: the limit on its files, the watchdog over its end.
#define CAF_SUITE process

#include <caf/test/unit_test.hpp>

#include "apps/file_limit.hpp"
#include "apps/stop_watchdog.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

/// The exit code of `what` in a process of its own; -1 if a signal ended it.
template <class F>
int exit_code_of(F what) {
  auto child = fork();
  if (child == 0) {
    what();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

CAF_TEST(an end that takes too long is cut off with exit code 1) {
  CAF_CHECK_EQUAL(exit_code_of([] {
                    alarm(10); // so that a watchdog that sleeps fails the test
                    stop_watchdog watchdog{10ms};
                    pause();
                  }),
                  1);
}

CAF_TEST(an end in time is left alone and not held up) {
  CAF_CHECK_EQUAL(exit_code_of([] {
                    alarm(10);
                    stop_watchdog watchdog{1h};
                  }),
                  0);
}

CAF_TEST(the soft limit on files becomes the hard one) {
  CAF_CHECK_EQUAL(exit_code_of([] {
                    rlimit limit{};
                    getrlimit(RLIMIT_NOFILE, &limit);
                    limit.rlim_cur = 100;
                    limit.rlim_max = 200;
                    setrlimit(RLIMIT_NOFILE, &limit);
                    auto raised = raise_file_limit();
                    getrlimit(RLIMIT_NOFILE, &limit);
                    _exit(raised == 200 && limit.rlim_cur == 200 ? 7 : 1);
                  }),
                  7);
}

CAF_TEST(connections leave room for the other files) {
  for (std::size_t files : {1u, 64u, 65u, 66u, 256u, 1024u, 20'000u, 1'000'000u}) {
    gateway_limits limits;
    auto wanted = limits.connections_max;
    auto reduced = fit_into_files(limits, files);
    CAF_CHECK_EQUAL(reduced, limits.connections_max < wanted);
    CAF_CHECK_GREATER_OR_EQUAL(limits.connections_max, 1u);
    if (files > files_reserved + 1)
      CAF_CHECK_LESS_OR_EQUAL(limits.connections_max + limits.refused_connections_max + files_reserved,
                              files);
  }
  gateway_limits limits;
  CAF_CHECK(!fit_into_files(limits, 1'000'000));
  CAF_CHECK_EQUAL(limits.connections_max, gateway_limits{}.connections_max);
  CAF_CHECK_EQUAL(limits.refused_connections_max, gateway_limits{}.refused_connections_max);
}
