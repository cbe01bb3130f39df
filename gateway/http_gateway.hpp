// The HTTP side of one I/O thread: its door to the broker, and all that its connections share.
//
// An actor without a mailbox whose address every request of the thread bears (see reply_sink). Holds the
// connections, the routes it has learnt, the deadlines, the message ids. Owned by the server; lives on its
// unit's thread, like the sessions, and is called from nowhere else unless it says so.
#pragma once

#include "actors/messages.hpp"
#include "core/ids.hpp"
#include "event_loop/deadline_timer.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/http_date.hpp"
#include "gateway/json_stats.hpp"
#include "gateway/limits.hpp"
#include "gateway/route_cache.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/intrusive/list.hpp>

namespace lmq {

class session;

/// What the gateways of a server have in common. Any thread.
struct http_shared {
  http_limits limits;
  node_names nodes;
  std::atomic<std::size_t> connections{0}; ///< open, those included that are being refused
};

/// A link of the gateway's list of sessions; leaves it when it goes.
using session_hook =
  boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class http_gateway final : public reply_sink, private deadline_owner {
public:
  /// Own thread.
  http_gateway(caf::actor_config& config, io_unit& unit, broker doors, std::shared_ptr<http_shared> shared);
  ~http_gateway() override;

  const http_limits& limits() const noexcept { return shared_->limits; }
  const node_names& nodes() const noexcept { return shared_->nodes; }
  const broker& doors() const noexcept { return doors_; }
  route_cache& routes() noexcept { return routes_; }
  id_source& ids() noexcept { return ids_; }
  deadline_timer& deadlines() noexcept { return *deadlines_; }
  std::string_view date(time_point now) { return date_.at(now); }

  /// For the head that is being read. See request_reader.
  std::vector<std::pair<std::string_view, std::string_view>>& fields() noexcept { return fields_; }

  /// Sends `message…` without a wish for an answer.
  template <class Handle, class... Ts>
  void tell(const Handle& to, Ts&&... message) {
    caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::forward<Ts>(message)...), &unit());
  }

  /// A delivery that reached nobody goes back to its queue, without a word if that is gone.
  void give_back(const std::string& queue, lease_id lease);

  // -- connections

  /// A connection of this thread has begun, or has ended.
  void add(session& s);
  void remove(session& s);

  /// Writes what `s` has to say when all that is under way on this thread has been worked off: answers of a
  /// pipelined burst leave together.
  void write_soon(session& s);

  // -- the end

  /// No new requests: idle connections close, the others end with their answers; those that have not ended
  /// within `stop_timeout` are closed.
  /// @param on_end  called on this thread when the last is gone and the sink has shut down
  void stop(std::function<void()> on_end);

  /// The same at once: what is in flight is broken off.
  void stop_now();

  bool stopping() const noexcept { return stopping_; }

  const char* name() const override { return "http_gateway"; }
  void on_destroy() override;

protected:
  void on_unclaimed(caf::mailbox_element& reply) noexcept override;

private:
  using session_list = boost::intrusive::list<session, boost::intrusive::base_hook<session_hook>,
                                              boost::intrusive::constant_time_size<false>>;

  std::vector<boost::intrusive_ptr<session>> all_sessions();
  void on_deadline(deadline& which) noexcept override;
  void end_if_empty();

  broker doors_;
  std::shared_ptr<http_shared> shared_;
  id_source ids_;
  route_cache routes_;
  std::optional<deadline_timer> deadlines_;
  http_date date_;
  std::vector<std::pair<std::string_view, std::string_view>> fields_;

  session_list sessions_;
  std::size_t session_count_ = 0;
  std::vector<boost::intrusive_ptr<session>> writing_soon_;

  bool stopping_ = false;
  bool ended_ = false; ///< the last step of the end is under way, or done
  deadline stop_deadline_{*this};
  std::function<void()> stopped_;
};

} // namespace lmq
