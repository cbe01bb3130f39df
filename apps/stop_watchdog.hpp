// Ends the process when stopping it in good order takes too long.
//
// Holds a thread that waits for its destruction or for the limit, whichever comes first. Made by main when
// the signal came, destroyed by it when all is done.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace lmq {

class stop_watchdog {
public:
  static constexpr std::chrono::seconds stop_time_max{5};

  /// @param limit  from now; then one line is logged and the process ends with exit code 1, as it is
  explicit stop_watchdog(std::chrono::milliseconds limit = stop_time_max);
  ~stop_watchdog();

  stop_watchdog(const stop_watchdog&) = delete;
  stop_watchdog& operator=(const stop_watchdog&) = delete;

private:
  void watch(std::chrono::milliseconds limit);

  std::mutex mutex_; ///< guards `done_`
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

} // namespace lmq
