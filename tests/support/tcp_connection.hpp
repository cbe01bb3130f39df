// One TCP connection as a test wants it: it sends any bytes, and can end in every way a peer can end.
// Holds the socket; owned by one client or test, used on one thread. No heavy header behind it.
#pragma once

#include "tests/support/time_limit.hpp"
#include "tests/support/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lmq::testing {

/// The peer did not do in time what the test waits for.
struct timed_out : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The connection could not be made, or ended where it must not.
struct connection_lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class tcp_connection {
public:
  /// Connects to 127.0.0.1.
  /// Errors: connection_lost (refused), timed_out
  explicit tcp_connection(std::uint16_t port, seconds patience = answer_time_max);

  /// Sends all bytes, waiting while the peer does not read.
  /// Errors: connection_lost, timed_out
  void send(std::string_view bytes, seconds patience = answer_time_max);

  /// Sends until the peer has ended the connection or all is gone; says how many bytes it took.
  /// For tests in which the peer may stop reading with good reason. Errors: timed_out
  std::size_t send_while_open(std::string_view bytes, seconds patience = answer_time_max);

  /// The next bytes, at least one; nothing when the peer closed its side in good order.
  /// Errors: timed_out, connection_lost (a reset)
  std::optional<std::string> receive(time_limit limit);

  /// Whether bytes or the end of the stream can be read within the time: a pause that ends early.
  bool readable_within(seconds pause) const;

  /// Says that nothing more will be sent; answers can still be read.
  void shut_sending();

  /// Ends in good order (FIN).
  void close();

  /// Ends abruptly: the peer sees a reset (RST).
  void reset();

private:
  bool await(short events, const time_limit& limit) const;

  unique_fd socket_;
};

/// A port of 127.0.0.1 that nobody listens on: bound, looked at, released. Another process may take it
/// before it is used, which is rare as the kernel hands them out in turn; who starts a server tries again.
std::uint16_t free_port();

} // namespace lmq::testing
