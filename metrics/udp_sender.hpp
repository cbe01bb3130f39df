// Sends datagrams to one address, and never waits for it. One thread.
#pragma once

#include "core/host_port.hpp"

#include <string>
#include <vector>

namespace lmq::metrics {

class udp_sender {
public:
  explicit udp_sender(host_port to) : to_(std::move(to)) {}
  ~udp_sender();
  udp_sender(const udp_sender&) = delete;
  udp_sender& operator=(const udp_sender&) = delete;

  /// The name is looked up when there is no socket yet; after an error there is none. What the system has no
  /// room for is dropped, as UDP does.
  ///
  /// Errors: the system's words; the rest was not sent. May wait for the name service
  std::string send(const std::vector<std::string>& datagrams);

  const host_port& to() const noexcept { return to_; }

private:
  std::string connect();
  void close() noexcept;

  host_port to_;
  int socket_ = -1;
};

} // namespace lmq::metrics
