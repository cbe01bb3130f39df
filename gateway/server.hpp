// The server: listens for HTTP and for MessagePack-RPC, spreads connections over the I/O threads, and stops
// in good order.
//
// Holds the listening sockets and one gateway for each of the system's I/O threads, which serves the
// connections of both protocols. Owned by the program's wiring, on its main thread. Brings neither Asio nor
// Beast along.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_board.hpp"
#include "core/push_gate.hpp"
#include "gateway/admission.hpp"
#include "gateway/limits.hpp"
#include "metrics/sources.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace caf {
class actor_system;
}

namespace lmq {

/// Where to listen.
struct listen_at {
  std::string address = "127.0.0.1"; ///< of an interface, as a number: `0.0.0.0`, `::1`
  std::uint16_t port = 0;            ///< 0: any that is free
};

struct gateway_server_options {
  listen_at http;
  std::optional<listen_at> rpc = listen_at{}; ///< nothing: MessagePack-RPC is not served
  admission_terms admission;                  ///< of HTTP; MessagePack-RPC knows neither tokens nor TLS
  std::shared_ptr<const node_board> nodes = std::make_shared<node_board>(); ///< never null
  std::shared_ptr<const push_gate> pushes = std::make_shared<push_gate>();  ///< never null
  gateway_limits limits;
};

/// Why a server did not start.
struct start_failure {
  enum class protocol { http, rpc } where;
  std::string what; ///< a sentence, e.g. `127.0.0.1:9980 is in use`
};

class gateway_server {
public:
  /// Binds and listens; connections are accepted when this returns.
  ///
  /// @param system  made with `install_coordinator`; outlives the server
  /// @param doors   of a broker in that system; kept until `stop` is done
  static tl::expected<gateway_server, start_failure> start(caf::actor_system& system, broker doors,
                                                           gateway_server_options options);

  gateway_server(gateway_server&&) noexcept;
  gateway_server& operator=(gateway_server&&) noexcept;

  /// What `stop` has not ended is broken off. Not on an I/O thread.
  ~gateway_server();

  /// The ports it listens on; 0: it does not.
  std::uint16_t http_port() const noexcept;
  std::uint16_t rpc_port() const noexcept;

  /// Tells of connections and requests, of those that are stopped as well. Any thread.
  metrics::sources::source figures() const;

  /// Connections open now. Any thread.
  std::size_t connections() const noexcept;

  /// Connections that an exception has ended so far. Any thread.
  std::uint64_t crashes() const noexcept;

  /// For requests and connections that begin when this has returned; what is under way goes on. Whether
  /// there is TLS at all must stay as it was. Not on an I/O thread; not after `stop`.
  void admit_by(const admission_terms& terms);

  /// Accepts no more connections; idle ones close, waiting pulls are answered with nothing, what is in flight
  /// is answered; after `limits.stop_timeout` the rest is closed. At most once.
  ///
  /// @param done  called on an I/O thread when nothing of the server runs any more and no handle of the
  /// broker is held
  void stop(std::function<void()> done);

private:
  struct parts;
  explicit gateway_server(std::unique_ptr<parts> p) noexcept;

  std::unique_ptr<parts> parts_;
};

} // namespace lmq
