// A strict HTTP/1.1 client that hides nothing: it sends what it is told and shows what came back.
// Holds one connection and the bytes received beyond the last answer; owned by a test, used on one thread.
#pragma once

#include "tests/support/http_response.hpp"
#include "tests/support/tcp_connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::testing {

using http_headers = std::vector<std::pair<std::string, std::string>>;

/// The bytes of a request. Adds `host` and, for a body, `content-length`, unless `headers` has them.
std::string render_request(std::string_view method, std::string_view target, const http_headers& headers = {},
                           std::string_view body = {});

class http_client {
public:
  /// Connects to 127.0.0.1. Errors: connection_lost, timed_out
  explicit http_client(std::uint16_t port);

  /// Sends a request and reads its answer; interim answers (100) are passed over.
  /// Errors: connection_lost, timed_out, malformed_response
  http_response request(std::string_view method, std::string_view target, const http_headers& headers = {},
                        std::string_view body = {});

  /// Sends a request; its answer is read later. Several in a row are pipelined.
  void send(std::string_view method, std::string_view target, const http_headers& headers = {},
            std::string_view body = {});

  /// Sends these bytes, whatever they are.
  void send_raw(std::string_view bytes);

  /// Reads the next answer, an interim one too.
  /// Errors: timed_out, connection_lost (ended before the answer was complete), malformed_response
  http_response receive(seconds patience = answer_time_max);

  /// The same for the answer to a HEAD request, which has no body.
  http_response receive_to_head(seconds patience = answer_time_max);

  /// The answer if one comes within the time; nothing otherwise.
  std::optional<http_response> receive_within(seconds patience);

  /// Whether the peer ends the connection within the time without another byte. A reset counts as well.
  bool ended_by_peer(seconds patience = answer_time_max);

  /// The same, but only an end in good order (FIN) counts.
  bool closed_by_peer(seconds patience = answer_time_max);

  /// All bytes until the peer ends the connection. Errors: timed_out, connection_lost (a reset)
  std::string receive_all(seconds patience = answer_time_max);

  /// The socket below: half-close, reset, raw reads.
  tcp_connection& connection() { return connection_; }

private:
  http_response receive(time_limit limit, bool to_head);

  tcp_connection connection_;
  std::string received_;
};

} // namespace lmq::testing
