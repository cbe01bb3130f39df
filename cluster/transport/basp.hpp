// The middleman as the door uses it: a port at which it is found, connections over sockets that are made
// here.
//
// Talks to CAF's BASP broker as CAF's own middleman actor does. The only unit, with tls_stream, that sees
// CAF's network code. Used by the door's actor and, for `publish`, by who starts it.
#pragma once

#include "cluster/transport/tcp.hpp"
#include "cluster/transport/tls_context.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/fwd.hpp>
#include <functional>
#include <memory>
#include <string>

namespace lmq {

struct basp_error {
  bool silent = false; ///< nobody answered; false: somebody is there who won't, or is no node
  std::string why;     ///< a sentence
};

class basp {
public:
  /// @param tls  nullptr: plain
  basp(caf::actor_system& system, std::shared_ptr<tls_context> tls);

  /// Whoever connects to the socket is shown `door`. Waits for the middleman's thread, a turn of its loop.
  void publish(listening_socket at, const caf::actor& door);

  /// Closes the port. Last call: the broker may have the door among what it never gets to, and is let go of,
  /// so that the two don't keep each other.
  void close(const caf::actor& door, std::uint16_t port);

  /// Connects over `socket`; the actor published there, or why not. Calls back within
  /// `transport_limits::dial_timeout`, in `self`; not at all once `self` has ended. The actor may be one of
  /// this system: the address was our own.
  void connect(caf::event_based_actor& self, socket_handle socket, const std::string& address,
               std::function<void(tl::expected<caf::actor, basp_error>)> then);

private:
  caf::actor_system& system_;
  std::shared_ptr<tls_context> tls_;
  caf::actor broker_;
};

} // namespace lmq
