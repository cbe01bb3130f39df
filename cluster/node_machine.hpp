// All that a node decides as a member of a cluster: whom it hears, which view it is in, who is home of which
// queue, what it streams, when a fact is safe, which questions go where. No clock, thread, socket or actor.
//
// Holds the replica, the metadata and a link to every peer. docs/protocol/cluster.md is the protocol and the
// argument for it. Each verb is given the instant (and the wall clock where a stamp is made) and appends what
// is to be done; `tick` does what fell due and sends what there is to send, and follows a burst of verbs.
// Queues themselves are elsewhere: those that serve here are told by effects and tell by `record`, `held` and
// `queue_told`.
//
// Owned by the node actor, or by the simulator.
#pragma once

#include "actors/cluster_status.hpp"
#include "cluster/byte_count.hpp"
#include "cluster/link.hpp"
#include "cluster/metadata.hpp"
#include "cluster/node_effects.hpp"
#include "cluster/protocol.hpp"
#include "cluster/replica.hpp"
#include "core/properties.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace lmq {

struct node_options {
  node_id self;
  home_tag tag{};                 ///< in the leases of this node's queues
  std::string address;            ///< of its cluster port
  std::size_t min_copies = 1;     ///< members in view, home included, without which no push is answered
  std::vector<std::string> joins; ///< addresses that are asked before this node serves alone

  // Times, as docs/protocol/cluster.md has them.
  duration heartbeat_interval = std::chrono::milliseconds{250};
  duration away = std::chrono::seconds{1};        ///< of silence, or without progress
  duration start_wait = std::chrono::seconds{10}; ///< for members that neither answer nor refuse
  duration retry_after = std::chrono::milliseconds{20};
  duration leader_patience = std::chrono::milliseconds{250}; ///< before a better leader is followed

  link_limits of_links;
  /// That a peer has not acknowledged, or that was let in here and is not safe. While it is as much, pushes
  /// wait for their turn, and so do deliveries to that peer; whoever comes while it is less is let in,
  /// however large.
  std::size_t unacknowledged_bytes_max = 64UL * 1024 * 1024;
  /// Of pushes that wait here, for their turn or for a view, those of peers included; one more is refused.
  std::size_t waiting_bytes_max = 1024UL * 1024 * 1024;
  /// Of a link, whatever it is: what waits for no turn is what two copies tell of themselves, and what is
  /// relayed. Two of the largest messages that a link takes. A peer that lags more begins anew.
  std::size_t backlog_bytes_max = 2 * link_limits{}.message_bytes_max;
  /// A disk is as fast at least: a peer is given the time to write what it says that it has to write, beside
  /// `away`, before it must acknowledge, but no more than that. Units: bytes a second
  std::size_t disk_speed_min = 16UL * 1024 * 1024;
  duration write_patience_max = std::chrono::seconds{30};
  std::size_t transfer_bytes = 256UL * 1024; ///< of bodies in one `moved`
  bool alone = false;  ///< no cluster: queues serve from the first, and nobody else is told of names
  bool stores = false; ///< rows are wanted: nothing is safe, or acknowledged to peers, before it is stored
  /// Bodies beyond that are let go of as soon as they are stored. Of a node that stores
  std::size_t body_bytes_max = SIZE_MAX;
  /// A message that is on the disk. Of a node that stores; called where a body that is away is to be said
  std::function<std::optional<message>(const std::string& queue, message_id)> read = {};
};

class node_machine {
public:
  /// Number of what a queue records that was deleted meanwhile: a push that was decided before it knew.
  static constexpr std::uint64_t of_deleted = 0;

  /// @param wall_ms  milliseconds since 1970, at `now`
  /// @param from     what was stored by the node's last life
  node_machine(node_options options, time_point now, std::uint64_t wall_ms, stored_state from = {});

  // -- peers

  /// Where the others reach this node, once that is known.
  void listens_at(std::string address) { options_.address = std::move(address); }

  /// A connection to that node is there. Another incarnation of the same name has ended then.
  void connected(const node_id& peer, const std::string& address, time_point now, node_effect_list& out);

  /// Nobody listens at that address: the process is gone.
  void refused(const std::string& address, time_point now, node_effect_list& out);

  void received(const node_id& from, std::string_view frame, time_point now, node_effect_list& out);

  /// This node goes for good: it leaves the view, and hands over what it holds. While it leaves: nothing
  /// more. Errors: unavailable: no other node that stays is in step with this one; nothing has changed
  result<void> leave(time_point now, node_effect_list& out);

  /// It does not go after all.
  void stay(time_point now, node_effect_list& out);

  /// The last word of a node that goes: nobody waits for it any more. Nothing but `tick` comes after it.
  void farewell();

  /// Whether that is done: this node is home of nothing, and the others hold all that it holds.
  bool left() const;

  /// Nobody is in step any more who would hold what this node holds: it is away, or leaves as well. Nothing:
  /// somebody is.
  std::optional<refusal> why_not_leave() const;

  /// Nobody waits for that member any more.
  /// Errors: no_such_member, member_in_use
  result<void> forget_member(const std::string& name, node_effect_list& out);

  // -- questions of this node's clients

  /// @param number  not used before; the answer bears it. The same again after `answered::not_home` is not
  /// needed:
  ///                the machine asks until somebody answers
  void ask(std::uint64_t number, std::string queue, question what, time_point now, node_effect_list& out);

  /// A push that waits for its turn, and that nobody was asked for: of it nothing was kept.
  bool waits_untouched(std::uint64_t number) const;

  /// Nobody waits for the answer any more: a pull is cancelled, and what it brings goes back.
  void forget(std::uint64_t number, time_point now, node_effect_list& out);

  // -- queues that serve here

  /// What a queue has decided.
  ///
  /// @param number  `facts_safe` bears it. Greater than any before it of a queue of this name, also of one
  ///                that was deleted: otherwise what that one recorded would make answers of its successor
  ///                safe. `of_deleted`: nobody waits for it, and the successor hears what it was
  void record(const std::string& queue, const std::vector<fact>& facts, std::uint64_t number, time_point now,
              node_effect_list& out);

  /// After `hold_queues`: all have stopped, and everything they recorded has come.
  void held(time_point now, node_effect_list& out);

  /// The answer to `ask_queue`; nothing: it bounced, and is asked again.
  void queue_told(asker by, std::optional<reply> what, time_point now, node_effect_list& out);

  /// The queue's actor is a new one that serves nothing yet.
  void queue_lost(const std::string& queue, time_point now, node_effect_list& out);

  // -- the disk, for a node that stores

  /// The rows of all `store_rows` up to that number are on the disk. `tick` follows.
  void stored(std::uint64_t number, time_point now, node_effect_list& out);

  // -- names, rules, properties; each is answered by `write_done`

  void open(const std::string& queue, time_point now, node_effect_list& out);
  void remove(std::uint64_t number, const std::string& queue, time_point now, node_effect_list& out);
  void patch(std::uint64_t number, const std::string& queue, const property_set& change, time_point now,
             node_effect_list& out);
  void reset(std::uint64_t number, const std::string& queue, time_point now, node_effect_list& out);
  void set_rules(std::uint64_t number, std::vector<rule> rules, time_point now, node_effect_list& out);

  // -- time

  /// Does all that is due, and sends what there is to send.
  void tick(time_point now, node_effect_list& out);
  time_point next_deadline(time_point now) const;

  // -- views

  const replica& copies() const noexcept { return replica_; }
  const metadata& names() const noexcept { return metadata_; }
  const node_options& options() const noexcept { return options_; }
  const view& current() const noexcept { return view_; }

  /// In a view, and as far as this node's part in it goes: requests are being worked on.
  bool active() const noexcept { return active_; }
  bool serves(const std::string& queue) const { return serving_.contains(queue); }
  bool is_home(std::string_view queue) const;

  /// The home of the queue, by the view that this node is in; nothing outside a view.
  std::optional<std::string> home(std::string_view queue) const;

  cluster_status status(time_point now) const;

  /// What it is doing about views, for a log at level debug and for whoever reads a simulation.
  std::string describe() const;

private:
  struct peer {
    peer(node_id its_id, std::string its_address, lmq::link its_link)
        : id(std::move(its_id)), address(std::move(its_address)), link(std::move(its_link)) {}

    node_id id;
    std::string address;
    lmq::link link;
    bool known_up = false; ///< there is a session
    bool refused = false;
    bool gone = false; ///< has left, or was forgotten
    time_point heard{};
    std::optional<heartbeat> beat;

    // the comparison of what both hold
    view_id round;                        ///< the one under way, or the last
    bool comparing = false;               ///< this round's own part is not done
    bool in_step = false;                 ///< compared once in this session, both ways
    std::optional<view_id> complete;      ///< the last that the peer has said
    std::optional<view_id> flushed;       ///< the last that the peer has said
    std::optional<says::summary> waiting; ///< its turn comes when this node has stopped; see answer_waiting
    std::vector<says::holds> holdings;    ///< of the round, as they come
    id_set context;                       ///< of the summary that was answered
    std::deque<std::pair<std::string, std::vector<message_id>>> owed;
    std::size_t owed_from = 0; ///< of the first of them
    bool owe_complete = false;
    std::uint64_t complete_number = 0; ///< link number of our own `complete`

    // what it has of our facts
    std::deque<std::pair<std::uint64_t, std::uint64_t>> unacknowledged; ///< position, link number
    std::uint64_t has = 0;                                              ///< positions up to this
    std::uint64_t began_at = 0; ///< the position when the session began: the comparison covers those before

    std::deque<says::tell> deliveries; ///< that wait until it has acknowledged what was said before
  };

  /// What a question needs that is a push.
  struct waiting_push {
    std::uint64_t turn = 0;      ///< among those that wait for room; 0: it has not had to
    byte_count::share held = {}; ///< it waits, for a view or for its turn
  };

  struct open_question {
    std::string queue;
    question what;
    std::uint64_t asked_of = 0;           ///< incarnation; 0: waits for its turn
    bool again = false;                   ///< it was asked of somebody before
    std::optional<time_point> until = {}; ///< a pull waits no longer
    waiting_push waits = {};
  };

  struct served_question {
    std::string queue;
    question what;
    bool waits_for_us = false; ///< for this node's part in the view, or for its turn
    waiting_push waits = {};
    byte_count::share let_in = {}; ///< of a push: the queue is asked
  };

  /// What becomes of a position's safety.
  struct awaited {
    std::uint64_t position = 0;
    std::uint64_t rows = 0;   ///< number of the rows that it is in
    std::string queue;        ///< of a batch
    std::uint64_t number = 0; ///< of a batch, or of a write
    std::optional<std::pair<asker, reply>> answer;
  };

  // node_machine.cpp: steps, sessions, heartbeats
  void begin_step(time_point now, node_effect_list& out);
  void fall_behind(time_point now, node_effect_list& out);
  void give_up(peer& p, const std::string& why, time_point now, node_effect_list& out);
  void received_message(peer& from, cluster_message& what, time_point now, node_effect_list& out);
  void received_beat(peer& from, heartbeat beat, time_point now, node_effect_list& out);
  void session_began(peer& p, time_point now, node_effect_list& out);
  std::uint64_t say(peer& p, const cluster_message& what);
  duration patience_with(const peer& p) const;
  void say_what_waits(peer& p);
  heartbeat own_beat() const;
  peer* find(std::uint64_t incarnation);
  peer* find(std::string_view name);
  static void note(node_effect_list& out, std::string line, bool warn = false);

  /// In step, and not about to go.
  static bool stays(const peer& p) { return p.in_step && p.beat && !p.beat->leaving; }

  // node_views.cpp: leaders, views, homes
  void follow_leader(time_point now, node_effect_list& out);
  bool better_leader(const std::string& a, const std::string& b) const;
  bool leader_holds(time_point now) const;
  void follow(const std::string& whom, time_point now);
  std::size_t links_of(const std::string& name) const;
  bool may_serve_alone(time_point now) const;
  void propose_if_changed(time_point now, node_effect_list& out);
  void heard(peer& from, const says::propose& what, time_point now, node_effect_list& out);
  void accept(const view& next, time_point now, node_effect_list& out);
  void heard(peer& from, const says::flushed& what, time_point now, node_effect_list& out);
  void hold(node_effect_list& out);
  void withdraw(node_effect_list& out);
  void say_flushed(time_point now, node_effect_list& out);
  void activate_if_ready(time_point now, node_effect_list& out);
  void serve(const std::string& queue, time_point now, node_effect_list& out);

  // node_comparison.cpp: two copies become equal
  void begin_round(peer& p, view_id round);
  static void reset_round(peer& p, view_id round);
  void heard(peer& from, says::summary& what, time_point now, node_effect_list& out);
  void answer_waiting(peer& p, time_point now);
  void answer_summary(peer& from, const says::summary& what, time_point now);
  void heard(peer& from, says::holds& what);
  void heard(peer& from, says::compared& what, time_point now, node_effect_list& out);
  void heard(peer& from, says::moved& what, time_point now, node_effect_list& out);
  void heard(peer& from, const says::complete& what, time_point now, node_effect_list& out);
  void move_what_is_owed(peer& p, time_point now);
  void look_whether_in_step(peer& p, time_point now, node_effect_list& out);
  void say_metadata(peer& to);

  // node_facts.cpp: facts, safety, metadata
  template <class Make>
  std::uint64_t next_position(Make make);
  std::uint64_t next_position(const std::string& queue, const std::vector<fact>& facts);
  void heard(peer& from, says::recorded& what, time_point now, node_effect_list& out);
  void absorb(const peer& from, const std::string& queue, replica::change& what, facts::settled::cause why,
              time_point now, node_effect_list& out);
  void tell_queue(const std::string& queue, replica::change& what, facts::settled::cause why, time_point now,
                  node_effect_list& out);
  void relay(const peer& from, const cluster_message& what);
  void settle_redriven(const std::string& queue, time_point now);
  void acknowledged(peer& p);
  void release_what_is_safe(time_point now, node_effect_list& out);
  void heard(peer& from, says::changed& what, time_point now, node_effect_list& out);
  void forget_queue(const std::string& queue);
  void write(std::uint64_t number, std::optional<metadata_change> change, node_effect_list& out);
  std::uint64_t wall(time_point now) const;
  stamp stamp_at(time_point now) { return {clock_.next(wall(now)), options_.self.incarnation}; }

  // node_rows.cpp: what is on the disk
  void restore(stored_state from, time_point now);
  void store_changes(time_point now, node_effect_list& out);
  void read_bodies(says::moved& what) const;
  std::uint64_t rows_to_come() const noexcept { return options_.stores ? rows_given_ + 1 : 0; }
  static std::string note_name(const metadata_change& what);

  // node_questions.cpp: who is asked
  void dispatch(std::uint64_t number, open_question& q, time_point now, node_effect_list& out);
  bool dispatched(std::uint64_t number, open_question& q, time_point now, node_effect_list& out);
  void dispatch_all(time_point now, node_effect_list& out);
  void take(asker by, served_question s, time_point now, node_effect_list& out);
  bool is_full() const;
  bool comes_in(asker by, waiting_push& p);
  bool may_wait(const asked::push& what, bool again, waiting_push& p);
  void let_in_those_that_wait(time_point now, node_effect_list& out);
  void ask_here(asker by, const std::string& queue, const question& what, time_point now,
                node_effect_list& out);
  void heard(peer& from, says::ask& what, time_point now, node_effect_list& out);
  void heard(peer& from, const says::forget& what, time_point now, node_effect_list& out);
  void heard(peer& from, says::tell& what, time_point now, node_effect_list& out);
  void heard(peer& from, const says::farewell& what, time_point now, node_effect_list& out);
  bool has_enough_copies() const noexcept;
  void tell(asker by, reply what, time_point now, node_effect_list& out);
  void tell_as_home(asker by, reply what, time_point now, node_effect_list& out);
  void tell_when_safe(asker by, reply what, time_point now, node_effect_list& out);
  bool in_agreement() const noexcept;
  void give_back(const std::string& queue, const delivery& what, time_point now, node_effect_list& out);
  void forget_questions_of(const peer& p, node_effect_list& out);
  bool done_already(const std::string& queue, const asked::settle& what) const;
  bool is_gone(const std::string& queue, message_id unit) const;
  bool brings_settled(const answered::delivered& d) const;

  node_options options_;
  replica replica_;
  metadata metadata_;
  hybrid_clock clock_;
  std::map<std::string, peer> peers_; ///< by name
  std::set<std::string> awaited_joins_;
  std::set<std::string> told_of_; ///< addresses that peers have told of
  std::uint32_t last_epoch_ = 0;

  time_point started_;
  std::uint64_t wall_at_start_;
  time_point last_step_;
  time_point listening_since_;
  time_point next_beat_{};
  bool beat_changed_ = true;

  // views
  std::string leader_; ///< whom this node follows; its own name: it leads
  time_point following_since_{};
  std::string challenger_; ///< would be a better leader; empty: nobody
  time_point challenged_since_{};
  view view_; ///< accepted; of number 0: none
  std::uint64_t view_number_seen_ = 0;
  view_id flushed_; ///< the view for which this node has said that it has stopped
  bool active_ = false;
  enum class queues_are : std::uint8_t { running, stopping, stopped } queues_ = queues_are::stopped;
  bool withdrawn_ = false; ///< somebody in the view has ended his consent
  bool behind_ = false;    ///< others go on without this node, or may: it does not go on alone
  bool leaving_ = false;

  std::set<std::string> serving_;           ///< queues that were told to serve, also while they are held
  std::set<std::string> reopened_;          ///< deleted in this step; see forget_queue
  std::set<std::string> changed_elsewhere_; ///< of those: they begin anew with the next view

  std::uint64_t position_ = 0; ///< of the last fact or change that was made here
  std::uint64_t safe_ = 0;
  std::deque<awaited> awaited_;

  /// Rows that are being written, and what may be acknowledged to whom when they are.
  struct writing {
    std::uint64_t number = 0;
    bool nothing = false; ///< nothing had changed: it is written when all before it is
    std::vector<std::pair<std::string, lmq::link::receipt>> receipts;
    std::vector<std::pair<std::string, std::vector<message_id>>> to_put_away; ///< by queue
    byte_count::share bodies = {};
  };
  std::uint64_t rows_given_ = 0;  ///< number of the last
  std::uint64_t rows_stored_ = 0; ///< number
  byte_count unwritten_;          ///< of bodies
  std::deque<writing> writing_;
  std::map<std::string, metadata_change> changed_names_; ///< not given to the disk
  bool members_changed_ = false;
  std::map<std::string, std::string> not_met_; ///< members of the last life: names and addresses
  bool dialled_ = false;                       ///< those, once there is a port to dial from

  byte_count let_in_;                             ///< of pushes that this node's queues are asked for
  byte_count held_;                               ///< of pushes that wait
  std::map<std::uint64_t, asker> waits_for_room_; ///< by turn
  std::uint64_t last_turn_ = 0;
  std::map<std::uint64_t, open_question> questions_; ///< by number
  std::map<asker, served_question> served_;
  std::optional<time_point> retry_at_;
  std::uint64_t own_numbers_ = std::uint64_t{1} << 63; ///< of questions that the machine asks itself
};

} // namespace lmq
