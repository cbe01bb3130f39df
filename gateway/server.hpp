// The HTTP server: listens, spreads connections over the I/O threads, and stops in good order.
//
// Holds the listening socket and one gateway for each of the system's I/O threads. Owned by the program's
// wiring, on its main thread. Brings neither Asio nor Beast along.
#pragma once

#include "actors/messages.hpp"
#include "gateway/json_stats.hpp"
#include "gateway/limits.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace caf {
class actor_system;
}

namespace lmq {

struct http_server_options {
  std::string address = "127.0.0.1"; ///< of an interface, as a number: `0.0.0.0`, `::1`
  std::uint16_t port = 9980;         ///< 0: any that is free
  node_names nodes;
  http_limits limits;
};

class http_server {
public:
  /// Binds and listens; connections are accepted when this returns.
  ///
  /// @param system  made with `install_coordinator`; outlives the server
  /// @param doors   of a broker in that system; kept until `stop` is done
  /// Errors: a sentence, e.g. `127.0.0.1:9980 is in use`
  static tl::expected<http_server, std::string> start(caf::actor_system& system, broker doors,
                                                      http_server_options options);

  http_server(http_server&&) noexcept;
  http_server& operator=(http_server&&) noexcept;

  /// What `stop` has not ended is broken off. Not on an I/O thread.
  ~http_server();

  /// The port it listens on.
  std::uint16_t port() const noexcept;

  /// Connections open now. Any thread.
  std::size_t connections() const noexcept;

  /// Accepts no more connections; idle ones close, waiting pulls are answered with nothing, what is in flight
  /// is answered; after `limits.stop_timeout` the rest is closed. At most once.
  ///
  /// @param done  called on an I/O thread when nothing of the server runs any more and no handle of the
  /// broker is held
  void stop(std::function<void()> done);

private:
  struct parts;
  explicit http_server(std::unique_ptr<parts> p) noexcept;

  std::unique_ptr<parts> parts_;
};

} // namespace lmq
