#include "cluster/transport/door_actor.hpp"

#include "cluster/transport/hello.hpp"
#include "cluster/transport/link_table.hpp"
#include "cluster/transport/routes.hpp"
#include "core/log_value.hpp"
#include "event_loop/coordinator.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <map>
#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

namespace {

/// An attempt's socket, or why there is none. Shared, because CAF wants to be able to copy it.
struct dial_ended {
  routes::attempt which;
  std::shared_ptr<dialled> outcome;
};

/// The pause before another attempt is over.
struct redial_due {
  std::string address;
};

} // namespace

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::dial_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::redial_due)

namespace lmq {

namespace {

class door_actor final : public caf::event_based_actor {
public:
  door_actor(caf::actor_config& config, const transport_options& with, std::uint16_t port, basp network,
             transport_owner owner)
      : event_based_actor(config),
        ours_{with.node, with.incarnation, with.version_min, with.version_max, with.host, port, 0, {}},
        network_(std::move(network)),
        owner_(std::move(owner)),
        routes_(with.incarnation) {
    set_down_handler([this](const caf::down_msg& gone) { on_down(gone.source); });
    set_default_handler(caf::drop); // a stranger's message
  }

  const char* name() const override { return "cluster_door"; }

  caf::behavior make_behavior() override {
    return {
      [this](hello_atom, const std::string& bytes, const caf::actor& door) { return on_hello(bytes, door); },
      [this](frame_atom, std::uint64_t peer, std::uint64_t session, std::uint64_t number,
             std::string& frame) { on_frame(peer, session, number, frame); },
      [this](reset_atom, std::uint64_t peer, std::uint64_t session) { on_reset(peer, session); },
      [this](const keep_address& a) { on_keep(a); },
      [this](const forget_address& a) { routes_.forget(a.host, a.port); },
      [this](const redial_due& r) { start(r.address); },
      [this](const dial_ended& d) { on_dial_ended(d); },
    };
  }

  void on_exit() override {
    network_.close(caf::actor{this}, ours_.port);
    links_.clear();
    owner_ = transport_owner{};
  }

private:
  using maybe_attempt = std::optional<routes::attempt>;

  struct standing {
    transport_peer_ptr peer;
    caf::actor door;
  };

  static routes::time_point now() { return std::chrono::steady_clock::now(); }

  hello our_hello(std::uint64_t session, std::string refusal = {}) const {
    auto h = ours_;
    h.session = session;
    h.refusal = std::move(refusal);
    return h;
  }

  // -- hellos

  caf::result<std::string> on_hello(const std::string& bytes, const caf::actor& door) {
    auto theirs = parse_hello(bytes);
    // A door of a third node would bring a way round over the second.
    if (!theirs || !door || !current_sender() || door.node() != current_sender()->node())
      return caf::make_error(caf::sec::invalid_argument);
    auto agreed = agree(*theirs);
    if (!agreed) {
      reject(theirs->host, theirs->port, *theirs, agreed.error());
      return to_bytes(our_hello(0, agreed.error().sentence));
    }
    auto turn = table_.on_hello(theirs->incarnation, theirs->session);
    auto answer = make_response_promise<std::string>();
    answer.deliver(to_bytes(our_hello(turn.session))); // before any frame of ours
    follow(turn, *theirs, *agreed, door);
    return answer;
  }

  /// Says hello; the attempt that led there, if one did, ends with it.
  void say_hello(const caf::actor& door, const maybe_attempt& which) {
    auto session = table_.next_session();
    // A request to somebody who has gone is lost without a word; the down message is not.
    monitor(door);
    greeted_[door.address()] = which;
    request(door, transport_limits::hello_timeout, hello_atom::value, to_bytes(our_hello(session)),
            caf::actor{this})
      .then(
        [this, door, which, session](const std::string& bytes) {
          if (greeted_.erase(door.address()) > 0)
            on_answer(door, which, session, bytes);
        },
        [this, door, which](const caf::error&) {
          if (greeted_.erase(door.address()) > 0)
            leave(door, which, "does not answer a hello");
        });
  }

  void on_answer(const caf::actor& door, const maybe_attempt& which, std::uint64_t session,
                 const std::string& bytes) {
    auto theirs = parse_hello(bytes);
    if (!theirs)
      return leave(door, which, "answers a hello as no node does");
    auto agreed = agree(*theirs);
    if (agreed && !theirs->refusal.empty())
      agreed = tl::unexpected(objection{objection::kind::name, theirs->refusal});
    if (!agreed) {
      unwatch(door);
      if (auto* r = which ? routes_.find(*which) : nullptr)
        reject(r->host, r->port, *theirs, agreed.error());
      return again(which);
    }
    follow(table_.on_welcome(theirs->incarnation, session, theirs->session), *theirs, *agreed, door);
    if (which)
      if (auto it = links_.find(theirs->incarnation); it != links_.end())
        routes_.link(*which, *it->second.peer);
  }

  tl::expected<std::uint16_t, objection> agree(const hello& theirs) const {
    auto agreed = judge(ours_, theirs);
    if (!agreed)
      return agreed;
    for (const auto& [incarnation, l] : links_)
      if (incarnation != theirs.incarnation && l.peer->name == theirs.node)
        return tl::unexpected(
          objection{objection::kind::name,
                    ours_.node + " has a link to another node named " + theirs.node + " already"});
    return agreed;
  }

  // -- links

  void follow(const link_table::turn& turn, const hello& theirs, std::uint16_t version,
              const caf::actor& door) {
    if (turn.lost)
      lose(theirs.incarnation);
    if (!turn.connected)
      return;
    auto peer = std::make_shared<const transport_peer>(
      transport_peer{theirs.node, theirs.incarnation, theirs.host, theirs.port, version});
    monitor(door);
    links_[theirs.incarnation] = {peer, door};
    told_.erase(address_text(theirs.host, theirs.port));
    spdlog::info("cluster.link_up peer={} address={} version={}", log_value(peer->name),
                 log_value(address_text(peer->host, peer->port)), version);
    routes_.link_those_of(*peer);
    tell(link_connected{peer, peer_link{caf::actor{this}, door, ours_.incarnation, turn.session}});
  }

  /// The link is void; the machine knows.
  void lose(std::uint64_t incarnation) {
    auto it = links_.find(incarnation);
    if (it == links_.end())
      return;
    auto lost = std::move(it->second);
    links_.erase(it);
    unwatch(lost.door);
    spdlog::info("cluster.link_down peer={} address={}", log_value(lost.peer->name),
                 log_value(address_text(lost.peer->host, lost.peer->port)));
    tell(link_lost{lost.peer});
  }

  void redial_those_of(std::uint64_t incarnation) {
    for (const auto& r : routes_.unlink(incarnation, now()))
      start_after(r.address, r.after);
  }

  void on_down(const caf::actor_addr& who) {
    if (auto it = greeted_.find(who); it != greeted_.end()) {
      auto which = it->second;
      greeted_.erase(it);
      again(which);
    }
    auto it = std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l.second.door == who; });
    if (it == links_.end())
      return;
    auto incarnation = it->first;
    table_.on_gone(incarnation);
    lose(incarnation);
    redial_those_of(incarnation);
  }

  void on_frame(std::uint64_t peer, std::uint64_t session, std::uint64_t number, std::string& frame) {
    if (table_.on_frame(peer, session, number)) {
      if (auto it = links_.find(peer); it != links_.end())
        tell(frame_received{it->second.peer, std::move(frame)});
    } else if (auto from = caf::actor_cast<caf::actor>(current_sender())) {
      caf::send_as(caf::actor{this}, from, reset_atom::value, ours_.incarnation, session);
    }
  }

  void on_reset(std::uint64_t peer, std::uint64_t session) {
    if (!table_.on_reset(peer, session))
      return;
    auto it = links_.find(peer);
    if (it == links_.end())
      return;
    auto door = it->second.door;
    lose(peer);
    // What led to the link leads to the next one, too, or is dialled when that fails.
    redial_those_of(peer);
    say_hello(door, std::nullopt);
  }

  void unwatch(const caf::actor& door) {
    auto used =
      greeted_.contains(door.address()) ||
      std::any_of(links_.begin(), links_.end(), [&](const auto& l) { return l.second.door == door; });
    if (!used)
      demonitor(door);
  }

  // -- dialling

  void on_keep(const keep_address& a) {
    if (!routes_.keep(a.host, a.port))
      return;
    for (const auto& [incarnation, l] : links_)
      routes_.link_those_of(*l.peer);
    start(address_text(a.host, a.port));
  }

  void start(const std::string& address) {
    auto which = routes_.begin(address, now());
    if (!which)
      return;
    const auto* r = routes_.find(*which);
    // The attempt belongs to an I/O thread; it may outlive us, not the threads.
    auto& context = coordinator::of(system()).unit(0).context();
    boost::asio::post(
      context, [&context, host = r->host, port = r->port, which = *which, to = caf::actor{this}] {
        dial(context, host, port, transport_limits::dial_timeout, [which, to](dialled outcome) {
          caf::anon_send(to, dial_ended{which, std::make_shared<dialled>(std::move(outcome))});
          io_unit::current()->flush();
        });
      });
  }

  void start_after(const std::string& address, std::chrono::milliseconds pause) {
    if (pause == pause.zero())
      start(address);
    else
      delayed_anon_send(caf::actor{this}, pause, redial_due{address});
  }

  void on_dial_ended(const dial_ended& d) {
    if (routes_.find(d.which) == nullptr)
      return;
    if (!*d.outcome)
      return fail(d.which, d.outcome->error().refused, d.outcome->error().why);
    network_.connect(*this, std::move(**d.outcome), d.which.address,
                     [this, which = d.which](tl::expected<caf::actor, basp_error> found) {
                       on_connected(which, std::move(found));
                     });
  }

  void on_connected(const routes::attempt& which, tl::expected<caf::actor, basp_error> found) {
    auto* r = routes_.find(which);
    if (r == nullptr)
      return;
    if (!found)
      return found.error().silent ? fail(which, false, found.error().why)
                                  : leave_to(which, *r, found.error().why);
    if (found->node() == node()) {
      reject(r->host, r->port, ours_, {objection::kind::itself, "that is this node itself"});
      return routes_.is_our_own(which);
    }
    auto known =
      std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l.second.door == *found; });
    if (known != links_.end())
      return routes_.link(which, *known->second.peer);
    say_hello(*found, which);
  }

  /// Nobody answers; later again.
  void fail(const routes::attempt& which, bool refused, const std::string& why) {
    if (auto* r = routes_.find(which))
      tell(dial_failed{r->host, r->port, r->peer, refused, why});
    again(which);
  }

  void again(const maybe_attempt& which) {
    if (which && routes_.find(*which) != nullptr)
      start_after(which->address, routes_.fail(*which));
  }

  // -- those who are not wanted

  void leave(const caf::actor& door, const maybe_attempt& which, const char* what) {
    unwatch(door);
    if (which)
      fail(*which, false, which->address + " " + what);
  }

  void leave_to(const routes::attempt& which, const routes::route& r, const std::string& why) {
    if (say_once(which.address, why)) {
      spdlog::warn("cluster.peer_refused peer={} address={} why={}", log_value(r.peer.empty() ? "?" : r.peer),
                   log_value(which.address), log_value(why));
      tell(peer_rejected{r.host, r.port, r.peer, why});
    }
    again(which);
  }

  void reject(const std::string& host, std::uint16_t port, const hello& theirs, const objection& why) {
    auto address = address_text(host, port);
    if (!say_once(address, theirs.node + why.sentence))
      return;
    switch (why.what) {
    case objection::kind::itself: spdlog::info("cluster.own_address address={}", log_value(address)); break;
    case objection::kind::name:
      spdlog::error("cluster.peer_refused peer={} address={} why={}", log_value(theirs.node),
                    log_value(address), log_value(why.sentence));
      break;
    case objection::kind::version:
      spdlog::error("cluster.version_refused peer={} address={} theirs={}-{} ours={}-{} why={}",
                    log_value(theirs.node), log_value(address), theirs.version_min, theirs.version_max,
                    ours_.version_min, ours_.version_max, log_value(why.sentence));
      break;
    }
    tell(peer_rejected{host, port, theirs.node, why.sentence});
  }

  /// True where that was not the last thing said of the address.
  bool say_once(const std::string& address, const std::string& what) {
    constexpr std::size_t told_max = 1024; // strangers choose the address that they tell
    if (told_.size() >= told_max)
      told_.clear();
    return std::exchange(told_[address], what) != what;
  }

  template <class Event>
  void tell(Event e) {
    if (owner_)
      anon_send(owner_, std::move(e));
  }

  const hello ours_;
  basp network_;
  transport_owner owner_;
  link_table table_;
  routes routes_;
  std::map<std::uint64_t, standing> links_; ///< by the peer's incarnation; those that stand in the table
  std::map<caf::actor_addr, maybe_attempt> greeted_; ///< doors that owe an answer to a hello
  std::map<std::string, std::string> told_;          ///< by address, why it was last rejected
};

} // namespace

caf::actor spawn_door(caf::actor_system& system, const transport_options& with, std::uint16_t port,
                      basp network, transport_owner owner) {
  return system.spawn<door_actor>(with, port, std::move(network), std::move(owner));
}

} // namespace lmq
