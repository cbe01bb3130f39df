#include "apps/stop_watchdog.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

namespace lmq {

stop_watchdog::stop_watchdog(std::chrono::milliseconds limit)
    : thread_([this, limit] {
        std::unique_lock lock{mutex_};
        if (changed_.wait_for(lock, limit, [this] { return done_; }))
          return;
        spdlog::error("node.stop_timeout limit_s={} message=\"stopping took too long; ending as it is\"",
                      std::chrono::duration<double>(limit).count());
        // No destructors, no exit handlers: whatever hangs must not hang this, too.
        _exit(1);
      }) {}

stop_watchdog::~stop_watchdog() {
  {
    std::lock_guard lock{mutex_};
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

} // namespace lmq
