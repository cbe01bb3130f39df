#include "event_loop/bug.hpp"

#include <cstdio>
#include <cstdlib>

namespace lmq {

void event_loop_bug(const char* what) noexcept {
  std::fprintf(stderr, "lmq: bug in the event loop's use: %s\n", what);
  std::abort();
}

} // namespace lmq
