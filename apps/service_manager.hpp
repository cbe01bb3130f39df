// The service manager that has started this process, if one has: it is told when the server answers, reads
// its files again, and stops.
//
// systemd's protocol: a datagram of `KEY=value` lines to the socket that NOTIFY_SOCKET names. Holds that
// name. Owned by the main thread. A manager that can't be told is a warning in the log, and the server goes
// on.
#pragma once

#include <string>
#include <string_view>

namespace lmq {

class service_manager {
public:
  /// @param socket  as NOTIFY_SOCKET has it: a path, or an abstract name behind an `@`; nullptr or empty:
  ///                there is no manager, and nobody is told anything
  explicit service_manager(const char* socket) : socket_(socket == nullptr ? "" : socket) {}

  /// Requests are answered from now on; also after `reloading`.
  ///
  /// @param status  one line for people
  void ready(std::string_view status) const;

  /// Files are read again; `ready` follows.
  void reloading() const;

  /// The server is going to end.
  void stopping() const;

private:
  void tell(std::string_view lines) const;

  std::string socket_;
};

} // namespace lmq
