// A thin owner of an epoll set; each descriptor comes back as the number it was added with.
// One thread.
#pragma once

#include "tests/bench/load/socket.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace lmq::bench {

class poller {
public:
  /// Errors: std::system_error
  poller();

  enum class interest { read, read_and_write };

  void add(int fd, std::uint64_t number);
  void change(int fd, std::uint64_t number, interest what);

  /// Waits for events; none when the time is over. The span is valid until the next wait.
  /// Errors: interrupted, when the program was asked to stop; std::system_error
  std::span<const epoll_event> wait(std::chrono::milliseconds at_most);

private:
  void control(int operation, int fd, std::uint64_t number, std::uint32_t events);

  unique_fd epoll_;
  std::array<epoll_event, 512> events_{};
};

} // namespace lmq::bench
