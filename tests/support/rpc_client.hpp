// A strict MessagePack-RPC client that hides nothing: it sends what it is told and shows what came back.
// Holds one connection, the answers that nobody has asked for yet and the bytes beyond them; owned by a test,
// used on one thread.
#pragma once

#include "tests/support/packed.hpp"
#include "tests/support/tcp_connection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::testing {

/// What came is no answer, or answers what was not asked.
struct malformed_answer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `[1, msgid, error, result]`.
struct rpc_answer {
  packed id;
  packed error;
  packed result;

  bool is_error() const { return !error.is_nil(); }
};

std::ostream& operator<<(std::ostream& out, const rpc_answer& answer);

using rpc_params = std::vector<packed>;

/// The bytes of `[0, msgid, method, params]`.
std::string render_call(const packed& id, const packed& method, const rpc_params& params);

class rpc_client {
public:
  /// Connects to 127.0.0.1. Errors: connection_lost, timed_out
  explicit rpc_client(std::uint16_t port);

  /// Calls and waits for the answer. Errors: connection_lost, timed_out, malformed_answer
  rpc_answer call(const packed& method, const rpc_params& params = {});

  /// Calls; the msgid with which await() finds the answer.
  std::uint32_t begin(const packed& method, const rpc_params& params = {});

  /// The answer to that call, whichever others come before it; those are kept.
  /// Errors: timed_out, connection_lost, malformed_answer
  rpc_answer await(std::uint32_t id, seconds patience = answer_time_max);

  /// Whether that call is answered within the time.
  bool answered_within(std::uint32_t id, seconds pause);

  /// `[2, method, params]`, which nothing answers.
  void notify(const packed& method, const rpc_params& params = {});

  /// Sends these bytes, whatever they are.
  void send_raw(std::string_view bytes);

  /// The next answer of the stream with whatever msgid it has; nothing when the peer ended the connection.
  /// Errors: timed_out, malformed_answer
  std::optional<rpc_answer> receive(seconds patience = answer_time_max);

  /// Whether the peer ends the connection within the time without another byte. A reset counts as well.
  bool ended_by_peer(seconds patience = answer_time_max);

  /// The socket below: half-close, reset, raw reads.
  tcp_connection& connection() { return connection_; }

private:
  std::optional<rpc_answer> receive(time_limit limit);
  std::optional<rpc_answer> take_answer();
  void sort_in(rpc_answer answer);

  tcp_connection connection_;
  std::string received_;
  std::uint32_t last_id_ = 0;
  std::set<std::uint32_t> open_;
  std::map<std::uint32_t, rpc_answer> answered_;
};

} // namespace lmq::testing
