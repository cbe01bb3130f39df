#include "cluster/node_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/errors.hpp"
#include "actors/guarded_promise.hpp"
#include "cluster/broken.hpp"
#include "cluster/codec.hpp"
#include "cluster/local_queues.hpp"
#include "core/host_port.hpp"
#include "core/log_value.hpp"
#include "event_loop/io_unit.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>
#include <unordered_map>
#include <utility>

namespace lmq {

namespace {

/// A question, but for a pull that waits, that finds no home for so long is answered with an error: there is
/// no view, and none in sight.
constexpr duration homeless_max = std::chrono::seconds{8};

/// A burst of requests that goes on longer is not waited for with the sync: what it has brought is synced.
constexpr duration burst_max = std::chrono::microseconds{500};

std::uint64_t wall_now() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
    duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

/// What is kept in memory of a message whose body is away, in the queue and in the copy; measured, rounded
/// up.
constexpr std::size_t bytes_beside_a_body = 512;

class node_actor final : public node_handle::base, private local_queues::owner {
public:
  node_actor(caf::actor_config& config, node_options options, std::shared_ptr<node_board> board,
             node_disk disk)
      : node_handle::base(config),
        board_(std::move(board)),
        machine_(std::move(options), system().clock().now(), wall_now(), std::move(disk.state)),
        local_(*this, *this),
        writer_(std::move(disk.writer)),
        pushes_(std::move(disk.pushes)),
        memory_(std::move(disk.memory)) {
    set_exception_handler(end_broken_node);
    set_exit_handler([this](caf::exit_msg& asked) { quit(std::move(asked.reason)); });
  }

  const char* name() const override { return "node"; }

  behavior_type make_behavior() override {
    out_.emplace_back(node_effects::members_changed{});
    told();
    if (writer_)
      writer_->begin([self = caf::weak_actor_ptr{ctrl()}](std::uint64_t number) {
        if (auto node = caf::actor_cast<caf::strong_actor_ptr>(self))
          caf::anon_send(caf::actor_cast<caf::actor>(node), stored_atom::value, number);
      });
    return {
      [this](push_atom, const queue_name& q, message_id id, message& m) -> caf::result<push_outcome> {
        // What clients push has been asked about already.
        if (auto no = pushes_ && is_moved(id) ? pushes_->move_refused() : std::nullopt)
          return to_error(*no);
        return ask<push_outcome>(q, asked::push{id, std::move(m)});
      },
      [this](pull_atom, const queue_name& q, waiter_id w, const wait_time& wait) {
        return on_pull(q, w, wait);
      },
      [this](cancel_atom, const queue_name& q, waiter_id w) { on_cancel(q, w); },
      [this](settle_atom, const queue_name& q, lease_id lease, verdict v) {
        return ask<void>(q, asked::settle{lease, static_cast<std::uint8_t>(v), false});
      },
      [this](give_back_atom, const queue_name& q, lease_id lease) {
        return ask<void>(q, asked::give_back{lease});
      },
      [this](report_atom, const queue_name& q) { return ask<queue_report>(q, asked::report{}); },
      [this](order_atom, const queue_name& q, const queue_order& what) {
        return ask<order_outcome>(q, asked::order{what, false});
      },
      [this](redrive_atom, const queue_name& q, std::uint64_t limit) {
        return ask<std::uint64_t>(q, asked::redrive{limit}, std::nullopt, true);
      },
      [this](watch_atom, const queue_name& q, const front_of_queue& front) { return on_watch(q, front); },
      [this](unwatch_atom, const queue_name& q) { watchers_.erase(*q); },

      [this](const metadata_listener& who) { on_listener(who); },
      [this](opened_atom, const std::string& queue) {
        step([&](auto at) { machine_.open(queue, at, out_); });
      },
      [this](remove_atom, const std::string& queue) {
        return write([&](auto number, auto at) { machine_.remove(number, queue, at, out_); });
      },
      [this](patch_atom, const std::string& queue, const property_set& change) {
        return write([&](auto number, auto at) { machine_.patch(number, queue, change, at, out_); });
      },
      [this](reset_atom, const std::string& queue) {
        return write([&](auto number, auto at) { machine_.reset(number, queue, at, out_); });
      },
      [this](set_rules_atom, std::vector<rule>& rules) {
        return write([&](auto number, auto at) { machine_.set_rules(number, std::move(rules), at, out_); });
      },

      [this](record_atom, const queue_name& q, const fact_batch& facts, std::uint64_t number) {
        on_record(q, facts, number);
      },
      [this](const registry_handle& inner) { on_registry(inner); },
      [this](opened_atom, const queue_ref& q) { on_opened(q); },
      [this](restarted_atom, const queue_ref& q) { local_.restarted(q); },
      [this](gone_atom, const std::string& queue) { local_.gone(queue); },

      [this](status_atom) { return machine_.status(now()); },
      [this](join_atom, const std::string& host, std::uint16_t port) { return on_join(host, port); },
      [this](leave_atom, waiter_id who) { return on_leave(who); },
      [this](cancel_atom, waiter_id who) { on_leave_cancelled(who); },
      [this](forget_atom, const std::string& member) { return on_forget_member(member); },

      [this](const transport_dialer& dialer, const std::string& own_address) {
        dialer_ = dialer;
        machine_.listens_at(own_address);
        told(); // members of its last life are dialled from there
      },
      [this](link_connected& x) { on_connected(x); },
      [this](link_lost& x) { links_.erase(x.peer->incarnation); },
      [this](frame_received& x) {
        step([&](auto at) { machine_.received({x.peer->name, x.peer->incarnation}, x.frame, at, out_); });
      },
      [this](dial_failed& x) { on_dial_failed(x); },
      [this](peer_rejected& x) { on_rejected(x); },

      [this](begun_atom) -> caf::delegated<void> {
        begins_.emplace_back(*this);
        look_whether_begun();
        return {};
      },
      [this](stored_atom, std::uint64_t number) {
        step([&](auto at) { machine_.stored(number, at, out_); });
      },

      [this](flush_atom) { on_flush(); },
      [this](tick_atom, std::uint64_t number) {
        if (tick_.accept(number))
          on_flush();
      },
    };
  }

  void on_exit() override {
    if (has_left_) {
      machine_.farewell();
      machine_.tick(now(), out_);
      carry_out();
    }
    if (rows_since_)
      writer_->sync();
    for (auto& [number, waiting] : asked_)
      waiting.to.answer(unavailable("this node stops; ask another one"));
    asked_.clear();
    writes_.clear();
    joins_.clear();
    end_leave(
      unavailable("this node stops before the others hold all that it holds; start it, and ask again"));
    links_.clear();
    dialer_ = {};
    watchers_.clear();
    listener_ = nullptr;
    local_.clear();
    writer_ = nullptr;
  }

private:
  enum class wanted { pushed, parcel, no_more, report, order, count };

  struct waiting_question {
    open_request to;
    wanted what;
    queue_name queue;
    std::optional<waiter_id> waiter;
  };

  time_point now() { return system().clock().now(); }

  static caf::error unavailable(std::string why) { return to_error({reason::unavailable, std::move(why)}); }

  /// A step of the machine; what it wants done is done behind what is ready on this thread, so that a burst
  /// of requests leaves as one.
  template <class Verb>
  void step(Verb verb) {
    ++steps_;
    verb(now());
    told();
  }

  void told() {
    if (std::exchange(flushing_, true))
      return;
    steps_before_look_ = steps_;
    auto* unit = io_unit::current();
    if (unit == nullptr)
      return anon_send(this, flush_atom::value);
    unit->behind_sockets([self = caf::weak_actor_ptr{ctrl()}] {
      if (auto node = caf::actor_cast<caf::strong_actor_ptr>(self))
        caf::anon_send(caf::actor_cast<caf::actor>(node), flush_atom::value);
    });
  }

  void on_flush() {
    flushing_ = false;
    auto at = now();
    carry_out();
    machine_.tick(at, out_);
    carry_out();
    tell_watchers();
    give_up_homeless(at);
    look_whether_left();
    look_whether_begun();
    memory_.hold(memory_bytes());
    sync_or_look_again(at);
    tick_.arm(*this, machine_.next_deadline(at));
  }

  /// Rows are written while more of a burst is read, and are asked for on the disk when a look at the sockets
  /// brings no more of it: so the burst is one sync.
  void sync_or_look_again(time_point at) {
    if (!rows_since_)
      return;
    if (steps_ != steps_before_look_ && at - *rows_since_ < burst_max)
      return told();
    rows_since_.reset();
    writer_->sync();
  }

  /// What is kept of all messages, here and in this node's queues, which share the bodies.
  std::size_t memory_bytes() const noexcept {
    const auto& copies = machine_.copies();
    return copies.body_bytes() + copies.messages() * bytes_beside_a_body;
  }

  void look_whether_begun() {
    if (begins_.empty() || !machine_.active() || !local_.all_told())
      return;
    for (auto& waiting : std::exchange(begins_, {}))
      waiting.answer(caf::message{});
  }

  // -- clients -----------------------------------------------------------------------------------------------------

  template <class Answer>
  static constexpr wanted kind() {
    if constexpr (std::is_same_v<Answer, push_outcome>)
      return wanted::pushed;
    else if constexpr (std::is_same_v<Answer, pulled>)
      return wanted::parcel;
    else if constexpr (std::is_same_v<Answer, queue_report>)
      return wanted::report;
    else if constexpr (std::is_same_v<Answer, order_outcome>)
      return wanted::order;
    else if constexpr (std::is_same_v<Answer, std::uint64_t>)
      return wanted::count;
    else
      return wanted::no_more;
  }

  template <class Answer>
  caf::delegated<Answer> ask(const queue_name& queue, question what, std::optional<waiter_id> waiter = {},
                             bool for_long = false) {
    auto number = ++last_number_;
    auto at = now();
    asked_.emplace(number, waiting_question{open_request{*this}, kind<Answer>(), queue, waiter});
    if (!for_long)
      homeless_.emplace_back(at + homeless_max, number);
    step([&](auto) { machine_.ask(number, *queue, std::move(what), at, out_); });
    return {};
  }

  caf::delegated<pulled> on_pull(const queue_name& queue, waiter_id waiter, const wait_time& wait) {
    waiters_[waiter] = last_number_ + 1;
    return ask<pulled>(queue, asked::pull{wait}, waiter, !wait || *wait > duration::zero());
  }

  void on_cancel(const queue_name& queue, waiter_id waiter) {
    auto it = waiters_.find(waiter);
    if (it == waiters_.end())
      return;
    auto number = it->second;
    waiters_.erase(it);
    if (auto asked = asked_.extract(number); !asked.empty())
      asked.mapped().to.answer(pulled{queue, std::nullopt});
    step([&](auto at) { machine_.forget(number, at, out_); });
  }

  void give_up_homeless(time_point at) {
    while (!homeless_.empty() && homeless_.front().first <= at) {
      auto number = homeless_.front().second;
      homeless_.pop_front();
      auto asked = asked_.extract(number);
      if (asked.empty())
        continue;
      auto untouched = machine_.waits_untouched(number);
      machine_.forget(number, at, out_);
      asked.mapped().to.answer(unavailable(
        untouched
          ? "the other nodes have not acknowledged in time what was pushed before, and this had to wait for "
            "that; nothing of it was kept, push it again"
          : "no home has answered for this queue in time, though one may be at work on it still; GET "
            "/cluster tells how the nodes are, try again"));
    }
  }

  bool on_watch(const queue_name& queue, const front_of_queue& front) {
    watchers_[*queue] = front;
    return machine_.copies().ready(*queue) > 0;
  }

  /// Fronts whose queue may have something to take.
  void tell_watchers() {
    for (const auto& queue : std::exchange(touched_, {}))
      if (auto it = watchers_.find(queue); it != watchers_.end() && machine_.copies().ready(queue) > 0)
        anon_send(it->second, ready_atom::value);
  }

  void touch(const std::string& queue) {
    if (!watchers_.empty() && watchers_.contains(queue))
      touched_.insert(queue);
  }

  // -- the directory -----------------------------------------------------------------------------------------------

  void on_listener(const metadata_listener& who) {
    listener_ = who;
    for (auto& change : machine_.names().all())
      anon_send(listener_, changed_atom::value, std::make_shared<const metadata_change>(std::move(change)));
    if (begun_)
      anon_send(listener_, ready_atom::value);
  }

  template <class Verb>
  caf::delegated<void> write(Verb verb) {
    auto number = ++last_number_;
    writes_.emplace(number, open_request{*this});
    step([&](auto at) { verb(number, at); });
    return {};
  }

  void on_opened(const queue_ref& q) {
    local_.opened(q);
    if (machine_.options().alone)
      step([&](auto at) { machine_.open(*q.name, at, out_); });
  }

  /// The first one hears what was stored; those that follow know it from their cell.
  void on_registry(const registry_handle& inner) {
    local_.meet(inner, std::exchange(knows_registry_, true) ? std::vector<metadata_change>{}
                                                            : machine_.names().all());
    look_whether_begun();
  }

  // -- this node's queues ------------------------------------------------------------------------------------------

  void on_record(const queue_name& queue, const fact_batch& facts, std::uint64_t number) {
    auto token = local_.token_of(queue, number);
    if (!token)
      return; // it has come before
    step([&](auto at) { machine_.record(*queue, *facts, *token, at, out_); });
    touch(*queue);
  }

  void queue_told(asker by, std::optional<reply> what) override {
    step([&](auto at) { machine_.queue_told(by, std::move(what), at, out_); });
  }

  void held() override {
    step([&](auto at) { machine_.held(at, out_); });
  }

  void told_all() override { look_whether_begun(); }

  void queue_lost(const std::string& queue) override {
    step([&](auto at) { machine_.queue_lost(queue, at, out_); });
  }

  // -- operators ---------------------------------------------------------------------------------------------------

  caf::result<void> on_join(const std::string& host, std::uint16_t port) {
    joins_.emplace(to_text(host_port{host, port}), open_request{*this});
    dialer_.keep(host, port);
    return caf::delegated<void>{};
  }

  void joined(const std::string& address, const std::optional<std::string>& why_not) {
    for (auto [it, end] = joins_.equal_range(address); it != end; it = joins_.erase(it))
      if (why_not)
        it->second.answer(unavailable(*why_not));
      else
        it->second.answer(caf::message{});
  }

  caf::result<void> on_leave(waiter_id who) {
    result<void> leaves;
    step([&](auto at) { leaves = machine_.leave(at, out_); });
    if (!leaves)
      return to_error(leaves.error());
    leaving_.emplace(who, open_request{*this});
    return caf::delegated<void>{};
  }

  /// What nobody waits for is not done later, when nobody expects it.
  void on_leave_cancelled(waiter_id who) {
    auto waiting = leaving_.extract(who);
    if (waiting.empty())
      return;
    waiting.mapped().answer(unavailable(
      "the leave was called off before the others held all that this node holds: it is being stopped, or "
      "nobody waits for the leave any more; start it if it has ended, ask again, and wait"));
    if (leaving_.empty() && !has_left_)
      stay("nobody waits any more until the others hold all that this node holds");
  }

  void look_whether_left() {
    if (leaving_.empty())
      return;
    if (machine_.left()) {
      end_leave(caf::message{});
      if (!std::exchange(has_left_, true)) // until it is stopped it passes on what clients ask
        spdlog::info("cluster.left message=\"the others hold all that this node held; it can be stopped\"");
    } else if (auto no = machine_.why_not_leave()) {
      end_leave(to_error(*no));
      has_left_ = false;
      stay("no other node that stays is in step with this one any more");
    }
  }

  void stay(std::string_view why) {
    spdlog::info("cluster.stays message={}", log_value(why));
    step([&](auto at) { machine_.stay(at, out_); });
  }

  template <class Answer>
  void end_leave(const Answer& answer) {
    for (auto& [who, to] : std::exchange(leaving_, {}))
      to.answer(answer);
  }

  caf::result<void> on_forget_member(const std::string& member) {
    auto status = machine_.status(now());
    auto forgotten = machine_.forget_member(member, out_);
    told();
    if (!forgotten)
      return to_error(forgotten.error());
    for (const auto& m : status.members)
      if (m.name == member)
        if (auto at = parse_host_port(m.address))
          dialer_.forget(at->host, at->port);
    return caf::unit;
  }

  // -- the network -------------------------------------------------------------------------------------------------

  void on_connected(link_connected& x) {
    links_[x.peer->incarnation] = x.link;
    auto address = to_text(host_port{x.peer->host, x.peer->port});
    step([&](auto at) { machine_.connected({x.peer->name, x.peer->incarnation}, address, at, out_); });
    dialer_.keep(x.peer->host, x.peer->port); // and again, should it be lost, from either side
    joined(address, std::nullopt);
  }

  void on_dial_failed(const dial_failed& x) {
    auto address = to_text(host_port{x.host, x.port});
    joined(address, fmt::format("{}: {}; the node goes on trying", address, x.why));
    if (x.refused)
      step([&](auto at) { machine_.refused(address, at, out_); });
  }

  void on_rejected(const peer_rejected& x) {
    auto address = to_text(host_port{x.host, x.port});
    joined(address, fmt::format("{}: {}", address, x.why));
  }

  // -- effects -----------------------------------------------------------------------------------------------------

  void carry_out() {
    for (std::size_t i = 0; i < out_.size(); ++i) {
      auto e = std::move(out_[i]);
      std::visit([this](auto& x) { perform(x); }, e);
    }
    out_.clear();
  }

  void perform(node_effects::send_frame& x) {
    if (auto it = links_.find(x.to.incarnation); it != links_.end())
      it->second.send(std::move(x.frame));
  }

  void perform(node_effects::hold_queues&) { local_.hold(); }
  void perform(node_effects::serve_queue& x) { local_.serve(x.queue, std::move(x.units)); }
  void perform(node_effects::drop_queue& x) { local_.drop(x.queue); }
  void perform(node_effects::adopt_units& x) { local_.adopt(x.queue, std::move(x.units)); }
  void perform(node_effects::forget_messages& x) { local_.forget(x.queue, std::move(x.what)); }
  void perform(node_effects::put_away& x) { local_.put_away(x.queue, std::move(x.ids)); }
  void perform(node_effects::facts_safe& x) { local_.safe(x.queue, x.number); }
  void perform(node_effects::ask_queue& x) { local_.ask(x.by, x.queue, x.what); }
  void perform(node_effects::cancel_pull& x) { local_.cancel(x.by, x.queue); }

  void perform(node_effects::answer_question& x) {
    auto asked = asked_.extract(x.number);
    if (asked.empty()) {
      // Its client has gone, and the parcel with it.
      if (auto* d = std::get_if<answered::delivered>(&x.what))
        machine_.ask(++last_number_, d->queue, asked::give_back{d->what.lease}, now(), out_);
      return;
    }
    auto& waiting = asked.mapped();
    if (waiting.waiter)
      waiters_.erase(*waiting.waiter);
    answer(waiting, x.what);
  }

  void answer(waiting_question& waiting, reply& what) {
    if (auto* no = std::get_if<answered::refused>(&what))
      return waiting.to.answer(to_error({static_cast<reason>(no->why), std::move(no->detail)}));
    switch (waiting.what) {
    case wanted::pushed:
      if (auto* stored = std::get_if<answered::pushed>(&what))
        return waiting.to.answer(static_cast<push_outcome>(stored->outcome));
      break;
    case wanted::parcel: {
      auto* d = std::get_if<answered::delivered>(&what);
      if (d != nullptr)
        touch(*waiting.queue); // there may be more
      return waiting.to.answer(
        pulled{waiting.queue, d != nullptr ? std::optional{std::move(d->what)} : std::nullopt});
    }
    case wanted::count:
      if (auto* r = std::get_if<answered::redriven>(&what))
        return waiting.to.answer(r->moved);
      break;
    case wanted::no_more: return waiting.to.answer(caf::message{});
    case wanted::report:
      if (auto* r = std::get_if<answered::reported>(&what))
        if (auto report = decode_report(r->report)) {
          for (const auto& member : machine_.current().members)
            report->nodes.push_back(member.name);
          report->home = machine_.home(*waiting.queue).value_or("");
          return waiting.to.answer(*std::move(report));
        }
      break;
    case wanted::order:
      if (auto* ordered = std::get_if<answered::ordered>(&what))
        return waiting.to.answer(std::move(ordered->what));
      break;
    }
    spdlog::error("cluster.answer_not_understood queue={} kind={}", log_value(*waiting.queue), what.index());
    waiting.to.answer(unavailable("another node answered what this one does not understand; try again"));
  }

  void perform(node_effects::metadata_changed& x) {
    if (!machine_.options().alone || !x.what.of_queue.exists) // alone, the registry has told of it
      local_.apply(x.what);
    if (listener_)
      anon_send(listener_, changed_atom::value, std::make_shared<const metadata_change>(std::move(x.what)));
  }

  void perform(node_effects::write_done& x) {
    if (auto written = writes_.extract(x.number); !written.empty())
      written.mapped().answer(caf::message{});
  }

  void perform(node_effects::maybe_ready& x) { touch(x.queue); }

  void perform(node_effects::members_changed&) {
    node_names names;
    auto status = machine_.status(now());
    if (machine_.active() && !std::exchange(begun_, true) && listener_)
      anon_send(listener_, ready_atom::value);
    if (!begun_)
      names.waits_for = status.reason;
    for (const auto& m : status.members) {
      if (m.state != member_state::gone)
        names.all.push_back(m.name);
      if (m.state == member_state::in_step || m.self)
        names.active.push_back(m.name);
    }
    board_->set(std::move(names));
  }

  void perform(node_effects::dial& x) {
    if (auto at = parse_host_port(x.address))
      dialer_.keep(at->host, at->port);
  }

  void perform(node_effects::store_rows& x) {
    if (!rows_since_)
      rows_since_ = now();
    writer_->write(std::move(x.rows), x.number);
  }

  void perform(node_effects::note& x) {
    switch (x.how) {
    case node_effects::note::severity::info: spdlog::info("{}", x.line); break;
    case node_effects::note::severity::warning: spdlog::warn("{}", x.line); break;
    }
  }

  std::shared_ptr<node_board> board_;
  node_machine machine_;
  node_effect_list out_;
  local_queues local_;
  std::shared_ptr<row_writer> writer_; ///< null: there is no disk
  bool knows_registry_ = false;
  std::shared_ptr<push_gate> pushes_;
  memory_share memory_; ///< of what the copy takes
  bool flushing_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_before_look_ = 0;
  std::optional<time_point> rows_since_; ///< that are not asked for on the disk
  deadline_tick tick_;

  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, waiting_question> asked_;
  std::deque<std::pair<time_point, std::uint64_t>> homeless_; ///< questions, and until when they are
  std::unordered_map<waiter_id, std::uint64_t> waiters_;
  std::unordered_map<std::uint64_t, open_request> writes_;
  std::unordered_map<std::string, front_of_queue> watchers_;
  std::set<std::string> touched_; ///< queues that are watched and may have something to take
  metadata_listener listener_;

  transport_dialer dialer_;
  std::unordered_map<std::uint64_t, peer_link> links_; ///< by incarnation
  std::multimap<std::string, open_request> joins_;     ///< by address
  std::map<waiter_id, open_request> leaving_;          ///< of who waits until this node has left
  std::vector<open_request> begins_;                   ///< of who waits until this node serves
  bool has_left_ = false;
  bool begun_ = false; ///< it has been in a view
};

} // namespace

node_handle spawn_node(caf::actor_system& system, node_options options, std::shared_ptr<node_board> board,
                       node_disk disk) {
  options.stores = disk.writer != nullptr;
  if (disk.writer) {
    options.body_bytes_max = disk.body_bytes_max;
    options.read = [writer = disk.writer](const std::string& queue, message_id id) {
      return writer->read(queue, id);
    };
  }
  return system.spawn<node_actor>(std::move(options), std::move(board), std::move(disk));
}

} // namespace lmq
