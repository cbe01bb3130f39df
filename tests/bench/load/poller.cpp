// epoll, level-triggered: with one request in flight a connection, edges would save nothing.
#include "tests/bench/load/poller.hpp"

#include "tests/bench/load/interrupt.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lmq::bench {

poller::poller() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (!epoll_)
    throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

void poller::add(int fd, std::uint64_t number) {
  control(EPOLL_CTL_ADD, fd, number, EPOLLIN);
}

void poller::change(int fd, std::uint64_t number, interest what) {
  control(EPOLL_CTL_MOD, fd, number, what == interest::read ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void poller::control(int operation, int fd, std::uint64_t number, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0)
    throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

std::span<const epoll_event> poller::wait(std::chrono::milliseconds at_most) {
  const auto timeout = static_cast<int>(std::clamp<std::int64_t>(at_most.count(), 0, 60'000));
  const auto ready = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
  throw_if_interrupted();
  if (ready < 0 && errno != EINTR)
    throw std::system_error{errno, std::generic_category(), "epoll_wait"};
  return {events_.data(), ready < 0 ? std::size_t{0} : static_cast<std::size_t>(ready)};
}

} // namespace lmq::bench
