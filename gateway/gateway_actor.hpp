// The gateway of one I/O thread: its door to the broker, and all that its connections share.
//
// An actor without a mailbox whose address every request of the thread bears (see reply_sink), of whichever
// protocol. Holds the connections, the routes it has learnt, the deadlines, the message ids. Owned by the
// server; lives on its unit's thread, like the connections, and is called from nowhere else unless it says
// so.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_board.hpp"
#include "core/ids.hpp"
#include "core/push_gate.hpp"
#include "event_loop/deadline_timer.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/access/known_tokens.hpp"
#include "gateway/admission.hpp"
#include "gateway/limits.hpp"
#include "gateway/outgoing_room.hpp"
#include "gateway/request_tally.hpp"
#include "gateway/route_cache.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/intrusive/list.hpp>

namespace lmq {

class connection;

/// What the gateways of a server have in common. Any thread.
struct gateway_shared {
  explicit gateway_shared(const gateway_limits& l, outgoing_room::listener crowd_turned = {})
      : limits(l), outgoing(l.outgoing_bytes_max, std::move(crowd_turned)) {}

  const gateway_limits limits;
  admission_terms admission; ///< that gateways begin with
  std::shared_ptr<const node_board> nodes;
  std::shared_ptr<const push_gate> pushes;
  std::atomic<std::size_t> connections{0}; ///< open, those included that are being refused
  std::atomic<std::size_t> waiters{0};     ///< pulls that may wait and are not answered
  std::atomic<std::size_t> incoming{0};  ///< bytes of what has come in part; see `connection::incoming_bytes`
  outgoing_room outgoing;                ///< of answers that are not taken; see `connection::make_fit`
  std::atomic<std::uint64_t> crashes{0}; ///< connections ended by an exception

  /// One for each gateway, from then on.
  std::shared_ptr<request_tally> new_tally() {
    std::lock_guard lock{mutex};
    return tallies.emplace_back(std::make_shared<request_tally>());
  }

  void tell_requests(metrics::families& out) const {
    std::lock_guard lock{mutex};
    request_tally::tell(tallies, out);
  }

private:
  mutable std::mutex mutex; ///< guards `tallies`
  std::vector<std::shared_ptr<request_tally>> tallies;
};

/// A connection's place among those that count; given back when it goes.
class connection_place {
public:
  /// @param of  null: no place
  explicit connection_place(std::shared_ptr<gateway_shared> of = nullptr) : of_(std::move(of)) {
    if (of_)
      of_->connections.fetch_add(1, std::memory_order_relaxed);
  }
  connection_place(connection_place&&) noexcept = default;
  connection_place& operator=(connection_place&&) = delete;
  ~connection_place() {
    if (of_)
      of_->connections.fetch_sub(1, std::memory_order_relaxed);
  }

private:
  std::shared_ptr<gateway_shared> of_;
};

/// A link of the gateway's list of connections; leaves it when it goes.
using connection_hook =
  boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class gateway_actor final : public reply_sink, private deadline_owner {
public:
  /// Own thread.
  gateway_actor(caf::actor_config& config, io_unit& unit, broker doors,
                std::shared_ptr<gateway_shared> shared);
  ~gateway_actor() override;

  const gateway_limits& limits() const noexcept { return shared_->limits; }
  std::atomic<std::size_t>& waiters() noexcept { return shared_->waiters; }
  std::atomic<std::size_t>& incoming() noexcept { return shared_->incoming; }
  outgoing_room& outgoing() noexcept { return shared_->outgoing; }
  const node_board& nodes() const noexcept { return *shared_->nodes; }
  const push_gate& pushes() const noexcept { return *shared_->pushes; }
  const broker& doors() const noexcept { return doors_; }

  known_tokens& tokens() noexcept { return tokens_; }

  /// nullptr: HTTP is spoken as it is, without TLS.
  const std::shared_ptr<const tls_identity>& tls() const noexcept { return tls_; }

  /// For requests and connections that begin from now on.
  void admit_by(admission_terms terms) noexcept {
    tokens_.replace(std::move(terms.tokens));
    tls_ = std::move(terms.tls);
  }

  /// The broker's doors as the supervisor has told of them.
  void meet(broker doors) { doors_ = std::move(doors); }
  route_cache& routes() noexcept { return routes_; }
  id_source& ids() noexcept { return ids_; }
  request_tally& tally() noexcept { return *tally_; }
  deadline_timer& deadlines() noexcept { return *deadlines_; }

  /// Sends `message…` without a wish for an answer.
  template <class Handle, class... Ts>
  void tell(const Handle& to, Ts&&... message) {
    caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::forward<Ts>(message)...), &unit());
  }

  /// A delivery that reached nobody goes back to its queue, if it takes several tries; without a word if that
  /// is gone.
  void give_back(const std::string& queue, lease_id lease) noexcept;

  /// A waiter that is gone is forgotten by its queue, in the same way.
  void cancel(const std::string& queue, waiter_id waiter) noexcept;

  /// What `reply` delivers reached nobody: gives it back, if it is a delivery at all.
  void take_back(caf::mailbox_element& reply) noexcept;

  // -- connections

  /// A connection of this thread has begun, or has ended.
  void add(connection& c);
  void remove(connection& c);

  /// Writes what `c` has to say when all that is under way on this thread has been worked off: answers of a
  /// burst leave together.
  void write_soon(connection& c);

  /// An exception has ended a connection; the supervisor counts it.
  void count_crash() noexcept;

  // -- the end

  /// No new requests: idle connections close, the others end with their answers; those that have not ended
  /// within `stop_timeout` are closed.
  /// @param on_end  called on this thread when the last is gone and the sink has shut down
  void stop(std::function<void()> on_end);

  /// The same at once: what is in flight is broken off.
  void stop_now();

  bool stopping() const noexcept { return stopping_; }

  const char* name() const override { return "gateway_actor"; }
  void on_destroy() override;

protected:
  void on_unclaimed(caf::mailbox_element& reply) noexcept override { take_back(reply); }

private:
  template <class Matter>
  void send_errand(const std::string& queue, Matter what) noexcept;

  using connection_list = boost::intrusive::list<connection, boost::intrusive::base_hook<connection_hook>,
                                                 boost::intrusive::constant_time_size<false>>;

  std::vector<boost::intrusive_ptr<connection>> all_connections();
  void post_writing();
  void write_now();
  void on_deadline(deadline& which) noexcept override;
  void end_if_empty();

  broker doors_;
  std::shared_ptr<gateway_shared> shared_;
  known_tokens tokens_;
  std::shared_ptr<const tls_identity> tls_;
  id_source ids_;
  const std::shared_ptr<request_tally> tally_;
  route_cache routes_;
  std::optional<deadline_timer> deadlines_;

  connection_list connections_;
  std::size_t connection_count_ = 0;
  std::deque<boost::intrusive_ptr<connection>> writing_soon_;
  bool write_posted_ = false; ///< `write_now` is about to be called

  bool stopping_ = false;
  bool ended_ = false; ///< the last step of the end is under way, or done
  deadline stop_deadline_{*this};
  std::function<void()> stopped_;
};

} // namespace lmq
