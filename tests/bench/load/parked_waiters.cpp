// Waiting connections by the thousand.
#include "tests/bench/load/parked_waiters.hpp"

#include <cstring>
#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

void parked_waiters::add(std::string_view request) {
  auto socket = try_connect(server_);
  if (!socket)
    throw std::runtime_error{
      fmt::format("connection {} to {} failed: {}", links_.size() + 1, server_.text(), std::strerror(errno))};
  connection link{std::move(socket)};
  if (!link.send(request))
    throw std::runtime_error{fmt::format("connection {} was closed at once", links_.size() + 1)};
  poller_.add(link.fd(), links_.size());
  links_.push_back(std::move(link));
}

std::size_t parked_waiters::collect(std::size_t wanted, std::chrono::milliseconds at_most,
                                    const std::function<void(std::size_t, const http_answer&)>& on_answer) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + at_most;
  std::size_t answers = 0;
  while (answers < wanted) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    if (left.count() <= 0)
      break;
    for (const auto& event : poller_.wait(left)) {
      const auto number = static_cast<std::size_t>(event.data.u64);
      auto& link = links_[number];
      const auto got = link.receive();
      const auto answer = parse_http_answer(link.received());
      if (answer.is == http_answer::state::complete) {
        ++answers;
        on_answer(number, answer);
        link.consume(answer.bytes);
      } else if (got == connection::got::closed || answer.is == http_answer::state::malformed) {
        ++lost_;
        link.close();
      }
    }
  }
  return answers;
}

void parked_waiters::close_all() noexcept {
  links_.clear();
  lost_ = 0;
}

} // namespace lmq::bench
