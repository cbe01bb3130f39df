// The log, kept for a test to look into.
#pragma once

#include "tests/cluster/transport/node_fixture.hpp"

#include <memory>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

namespace lmq::test {

/// Takes the default logger's place while it lives.
class log_lines {
public:
  log_lines() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
  ~log_lines() { spdlog::set_default_logger(before_); }
  log_lines(const log_lines&) = delete;
  log_lines& operator=(const log_lines&) = delete;

  /// True once `count` lines hold both.
  bool wait_for(const std::string& one, const std::string& other, int count = 1) {
    std::unique_lock lock{sink_->mutex};
    return sink_->more.wait_for(lock, patience, [&] {
      int n = 0;
      for (const auto& line : sink_->lines)
        n += line.find(one) != std::string::npos && line.find(other) != std::string::npos;
      return n >= count;
    });
  }

private:
  struct keeper : spdlog::sinks::sink {
    void log(const spdlog::details::log_msg& m) override {
      std::lock_guard lock{mutex};
      lines.emplace_back(m.payload.data(), m.payload.size());
      more.notify_all();
    }
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    std::mutex mutex;
    std::condition_variable more;
    std::vector<std::string> lines;
  };

  std::shared_ptr<keeper> sink_ = std::make_shared<keeper>();
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

} // namespace lmq::test
