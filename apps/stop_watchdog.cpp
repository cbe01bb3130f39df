#include "apps/stop_watchdog.hpp"

#include "core/log_value.hpp"

#include <spdlog/spdlog.h>
#include <system_error>
#include <unistd.h>

namespace lmq {

stop_watchdog::stop_watchdog(std::chrono::milliseconds limit) {
  try {
    thread_ = std::thread([this, limit] { watch(limit); });
  } catch (const std::system_error& e) {
    spdlog::warn("node.stop_unwatched what={}",
                 log_value(e.what())); // memory has run out; the stop may free it
  }
}

void stop_watchdog::watch(std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  if (changed_.wait_for(lock, limit, [this] { return done_; }))
    return;
  spdlog::error("node.stop_timeout limit_s={} message=\"stopping took too long; ending as it is\"",
                std::chrono::duration<double>(limit).count());
  // No destructors, no exit handlers: whatever hangs must not hang this, too.
  _exit(1);
}

stop_watchdog::~stop_watchdog() {
  {
    std::lock_guard lock{mutex_};
    done_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

} // namespace lmq
