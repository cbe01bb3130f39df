// The listening socket of one protocol: takes connections and hands each to the next I/O thread's gateway.
//
// Owned by the server. Knows no protocol: it is told how to make a connection. Its operations run on the
// first unit's thread and keep it alive.
#pragma once

#include "event_loop/reply_sink.hpp"
#include "gateway/connection.hpp"
#include "gateway/gateway_actor.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lmq {

/// Makes a protocol's connection, on the gateway's thread.
using connection_maker = boost::intrusive_ptr<connection> (*)(gateway_actor& gateway, connection_place place,
                                                              connection::socket&& peer);

template <class Session>
boost::intrusive_ptr<connection> make_connection(gateway_actor& gateway, connection_place place,
                                                 connection::socket&& peer) {
  return new Session(gateway, std::move(place), std::move(peer));
}

class listener : public std::enable_shared_from_this<listener> {
public:
  using acceptor =
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using gateway_handle = sink_handle<gateway_actor>;

  /// @param unit  where it accepts
  /// @param make  what becomes of the connections
  listener(io_unit& unit, std::vector<gateway_handle> gateways, std::shared_ptr<gateway_shared> shared,
           connection_maker make);

  /// Any thread, once. Errors: a sentence
  tl::expected<void, std::string> listen(const std::string& address, std::uint16_t port);

  std::uint16_t port() const noexcept { return port_; }

  /// Begins to accept, on the unit's thread.
  void accept();

  /// Accepts no more. On the unit's thread.
  void close() noexcept;

private:
  void on_accept(const boost::system::error_code& ec, connection::socket&& peer,
                 const gateway_handle& gateway);
  void pause();
  void hand_over(connection::socket&& peer, const gateway_handle& gateway);

  std::vector<gateway_handle> gateways_;
  std::shared_ptr<gateway_shared> shared_;
  connection_maker make_;
  acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::size_t next_ = 0; ///< the gateway whose turn it is
  std::uint16_t port_ = 0;
  bool warned_ = false; ///< of a failure to accept, since the last success
};

} // namespace lmq
