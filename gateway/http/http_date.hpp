// The `date` header's value, made once a second.
#pragma once

#include "core/time.hpp"

#include <array>
#include <chrono>
#include <string_view>

namespace lmq {

/// One thread.
class http_date {
public:
  /// @param now  the caller's instant; the system's clock is asked once a second
  std::string_view at(time_point now) {
    if (now >= valid_until_)
      renew(now);
    return {text_.data(), text_.size()};
  }

private:
  void renew(time_point now);

  time_point valid_until_ = time_point::min();
  std::array<char, 29> text_{};
};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::array<char, 29> format_http_date(std::chrono::sys_seconds at) noexcept;

} // namespace lmq
