#include "cluster/transport/basp.hpp"

#include "cluster/transport/tls_stream.hpp"
#include "cluster/transport/transport.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <future>
#include <set>
#include <utility>

namespace lmq {

namespace {

caf::io::network::default_multiplexer& multiplexer_of(caf::actor_system& system) {
  // What CAF makes unless it is told otherwise, and nobody tells it.
  return dynamic_cast<caf::io::network::default_multiplexer&>(system.middleman().backend());
}

} // namespace

basp::basp(caf::actor_system& system, std::shared_ptr<tls_context> tls)
    : system_(system),
      tls_(std::move(tls)),
      broker_(system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"))) {}

void basp::publish(listening_socket at, const caf::actor& door) {
  auto& on = multiplexer_of(system_);
  caf::io::doorman_ptr doorman =
    tls_ ? make_tls_doorman(on, std::move(at.socket), tls_) : on.new_doorman(at.socket.release());
  caf::anon_send(broker_, caf::publish_atom_v, std::move(doorman), at.port,
                 caf::actor_cast<caf::strong_actor_ptr>(door), std::set<std::string>{});
  // A port that is opened and closed in one turn of the middleman's loop is never released (acceptor::mgr_
  // keeps its own doorman: taking part in the loop and leaving it cancel each other out), so the turn is
  // waited for.
  auto taken = std::make_shared<std::promise<void>>();
  system_.middleman().run_later([taken] { taken->set_value(); });
  taken->get_future().wait();
}

void basp::close(const caf::actor& door, std::uint16_t port) {
  caf::anon_send(broker_, caf::unpublish_atom_v, door.address(), port);
  broker_ = nullptr;
}

void basp::connect(caf::event_based_actor& self, socket_handle socket, const std::string& address,
                   std::function<void(tl::expected<caf::actor, basp_error>)> then) {
  auto& on = multiplexer_of(system_);
  auto outcome = std::make_shared<tls_outcome>();
  caf::io::scribe_ptr scribe =
    tls_ ? make_tls_scribe(on, std::move(socket), tls_, outcome) : on.new_scribe(socket.release());
  if (!scribe)
    return then(tl::unexpected(basp_error{true, "there is no memory for a connection to " + address}));
  // The port is for CAF's own notes.
  self
    .request(broker_, transport_limits::dial_timeout, caf::connect_atom_v, std::move(scribe),
             std::uint16_t{0})
    .then(
      [address, then](const caf::node_id&, const caf::strong_actor_ptr& found, const std::set<std::string>&) {
        if (found)
          then(caf::actor_cast<caf::actor>(found));
        else
          then(tl::unexpected(basp_error{false, address + " is no node's cluster port"}));
      },
      [address, then, outcome, tls = tls_ != nullptr](const caf::error& e) {
        auto fail = [&](bool silent, std::string why) {
          then(tl::unexpected(basp_error{silent, std::move(why)}));
        };
        if (auto why = outcome->why(); !why.empty())
          fail(false, fmt::format("{}: {}", address, why));
        else if (e == caf::sec::request_timeout || e == caf::sec::connection_timeout)
          fail(true, address + " takes connections, but does not answer");
        else if (e == caf::sec::incompatible_application_ids)
          fail(false, address + " is no node's cluster port");
        else if (tls)
          fail(false, address + " has closed the connection");
        else
          fail(false,
               address + " has closed the connection, or is no node's cluster port; is TLS on at that end?");
      });
}

} // namespace lmq
