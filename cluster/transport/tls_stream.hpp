// TLS connections for CAF's middleman: BASP on an encrypted stream, from either end.
//
// In place of CAF 0.17.6's own module (libcaf_openssl), whose streams wait for a handshake by asking again
// and again: one client that connects and says nothing takes a whole core there. It also reads the files anew
// for each connection. Everything here belongs to the middleman's thread once it is handed over.
#pragma once

#include "cluster/transport/tcp.hpp"

#include <caf/io/fwd.hpp>
#include <memory>
#include <mutex>
#include <string>

namespace caf::io::network {
class default_multiplexer;
}

namespace lmq {

class tls_context;

/// Why a connection failed, for whoever dialled. Any thread.
class tls_outcome {
public:
  /// The first reason counts; what follows from it doesn't.
  void set(std::string why) {
    std::lock_guard lock{mutex_};
    if (why_.empty())
      why_ = std::move(why);
  }
  /// Empty: TLS had nothing to say.
  std::string why() const {
    std::lock_guard lock{mutex_};
    return why_;
  }

private:
  mutable std::mutex mutex_;
  std::string why_;
};

/// The end of the connection that dialled. nullptr: memory has run out.
caf::io::scribe_ptr make_tls_scribe(caf::io::network::default_multiplexer& on, socket_handle socket,
                                    std::shared_ptr<tls_context> tls, std::shared_ptr<tls_outcome> outcome);

/// A port at which TLS connections are taken. Of those that have not proved themselves it holds at most
/// `transport_limits::handshakes_max`.
caf::io::doorman_ptr make_tls_doorman(caf::io::network::default_multiplexer& on, socket_handle socket,
                                      std::shared_ptr<tls_context> tls);

} // namespace lmq
