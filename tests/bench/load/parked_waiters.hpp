// Connections that have each sent one request and wait for its answer, as long as it takes.
// Owned by a mode; one thread.
#pragma once

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/http_answer.hpp"
#include "tests/bench/load/poller.hpp"

#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

namespace lmq::bench {

class parked_waiters {
public:
  explicit parked_waiters(endpoint server) : server_{std::move(server)} {}

  /// Opens a connection and sends the request. Errors: std::runtime_error if that can't be done
  void add(std::string_view request);

  /// Gathers answers until there are `wanted` more, or the time is over; how many came.
  /// @param on_answer  is told the waiter's number (in the order of add) and its answer
  std::size_t collect(std::size_t wanted, std::chrono::milliseconds at_most,
                      const std::function<void(std::size_t, const http_answer&)>& on_answer);

  /// Connections that the server closed, or answered with something that isn't HTTP.
  std::size_t lost() const noexcept { return lost_; }
  std::size_t size() const noexcept { return links_.size(); }

  /// Goes away without a word.
  void close_all() noexcept;

private:
  endpoint server_;
  poller poller_;
  std::vector<connection> links_;
  std::size_t lost_ = 0;
};

} // namespace lmq::bench
