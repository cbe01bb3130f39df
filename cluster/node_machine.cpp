// Steps, sessions and heartbeats: whom this node hears.
#include "cluster/node_machine.hpp"

#include "cluster/codec.hpp"
#include "cluster/planted.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

refusal nobody_stays() {
  return {reason::unavailable,
          "no other node that stays is in step with this one, so nobody would hold what it holds, and it "
          "stays; wait until GET /cluster shows one as in_step (one that is leaving stays when it is started "
          "again), or stop this node without leaving"};
}

} // namespace

node_machine::node_machine(node_options options, time_point now, std::uint64_t wall_ms, stored_state from)
    : options_(std::move(options)),
      started_(now),
      wall_at_start_(wall_ms),
      last_step_(now),
      listening_since_(now),
      leader_(options_.self.name) {
  awaited_joins_.insert(options_.joins.begin(), options_.joins.end());
  if (options_.stores) {
    options_.of_links.acknowledge_when_told = !is_planted(planted_bug::acknowledge_before_disk);
    replica_.keep_rows();
    restore(std::move(from), now);
    for (const auto& [name, address] : not_met_)
      awaited_joins_.insert(address);
  }
  // Whoever knows nobody has nobody to wait for. What is to serve at once, the first tick says.
  node_effect_list nothing_serves_yet;
  if (replica_.queues().empty())
    follow_leader(now, nothing_serves_yet);
}

void node_machine::note(node_effect_list& out, std::string line, bool warn) {
  using severity = node_effects::note::severity;
  out.emplace_back(node_effects::note{warn ? severity::warning : severity::info, std::move(line)});
}

std::uint64_t node_machine::wall(time_point now) const {
  auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
  return wall_at_start_ + static_cast<std::uint64_t>(std::max<std::int64_t>(0, since));
}

// -- steps -------------------------------------------------------------------------------------------------------------

/// The first thing of every verb. A node that was stopped for longer than others wait for it has been given
/// up by them: whatever it thinks it is, it is no more.
void node_machine::begin_step(time_point now, node_effect_list& out) {
  if (now - last_step_ > options_.away)
    fall_behind(now, out);
  last_step_ = now;
}

void node_machine::fall_behind(time_point now, node_effect_list& out) {
  bool alone = std::none_of(peers_.begin(), peers_.end(), [](const auto& p) { return p.second.known_up; });
  listening_since_ = now; // and judges nobody silent before it has listened
  if (alone)
    return;
  note(out, "cluster.fell_behind message=\"this node stood still; it begins anew with its peers\"", true);
  for (auto& [name, p] : peers_)
    if (p.known_up)
      give_up(p, "this node stood still", now, out);
  behind_ = true;
  withdraw(out);
}

void node_machine::tick(time_point now, node_effect_list& out) {
  begin_step(now, out);
  for (auto& [name, p] : peers_) {
    if (!p.known_up)
      continue;
    if (now - std::max(p.heard, listening_since_) >= options_.away)
      give_up(p, "it is silent", now, out);
    else if (auto since = p.link.stalled_since();
             since && now - std::max(*since, listening_since_) >= patience_with(p))
      give_up(p, "it does not acknowledge", now, out);
    else if (p.link.backlog_bytes() > options_.backlog_bytes_max)
      give_up(p, "it is too slow", now, out);
    else {
      move_what_is_owed(p, now);
      say_what_waits(p);
    }
    answer_waiting(p, now);
  }
  follow_leader(now, out);
  if (!options_.address.empty() && !std::exchange(dialled_, true))
    for (const auto& [name, address] : not_met_)
      out.emplace_back(node_effects::dial{address});
  for (const auto& queue : std::exchange(reopened_, {}))
    if (active_ && is_home(queue) && replica_.size(queue) > 0)
      serve(queue, now, out);
  if (retry_at_ && *retry_at_ <= now) {
    retry_at_.reset();
    dispatch_all(now, out);
  }
  let_in_those_that_wait(now, out);
  store_changes(now, out);
  bool beat_due = beat_changed_ || next_beat_ <= now;
  std::string beat;
  if (beat_due) {
    beat = encode(own_beat());
    beat_changed_ = false;
    next_beat_ = now + options_.heartbeat_interval;
  }
  std::vector<std::string> frames;
  for (auto& [name, p] : peers_) {
    if (p.gone)
      continue;
    p.link.poll(now, beat_due ? &beat : nullptr, frames);
    for (auto& f : frames)
      out.emplace_back(node_effects::send_frame{p.id, std::move(f)});
    frames.clear();
  }
}

time_point node_machine::next_deadline(time_point now) const {
  auto first = next_beat_;
  if (retry_at_)
    first = std::min(first, *retry_at_);
  if (!challenger_.empty())
    first = std::min(first, challenged_since_ + options_.leader_patience);
  for (const auto& [name, p] : peers_)
    if (auto silent = std::max(p.heard, listening_since_) + options_.away; p.known_up || silent > now)
      first = std::min(first, silent);
  return std::max(first, now);
}

// -- peers -------------------------------------------------------------------------------------------------------------

node_machine::peer* node_machine::find(std::uint64_t incarnation) {
  for (auto& [name, p] : peers_)
    if (p.id.incarnation == incarnation)
      return &p;
  return nullptr;
}

node_machine::peer* node_machine::find(std::string_view name) {
  auto it = peers_.find(std::string{name});
  return it == peers_.end() ? nullptr : &it->second;
}

void node_machine::connected(const node_id& id, const std::string& address, time_point now,
                             node_effect_list& out) {
  begin_step(now, out);
  awaited_joins_.erase(address);
  auto it = peers_.find(id.name);
  if (it != peers_.end() && it->second.id != id) {
    if (it->second.known_up)
      give_up(it->second, "it was started again", now, out);
    peers_.erase(it);
    it = peers_.end();
  }
  if (it == peers_.end()) {
    it = peers_.emplace(id.name, peer{id, address, lmq::link{++last_epoch_, options_.of_links}}).first;
    it->second.heard = now;
    not_met_.erase(id.name);
    members_changed_ = true;
  }
  members_changed_ |= it->second.address != address || it->second.gone;
  it->second.address = address;
  it->second.refused = false;
  it->second.gone = false;
  beat_changed_ = true;
}

void node_machine::refused(const std::string& address, time_point now, node_effect_list& out) {
  begin_step(now, out);
  awaited_joins_.erase(address);
  for (auto& [name, p] : peers_)
    if (p.address == address) {
      p.refused = true;
      auto leaves = p.beat && p.beat->leaving;
      if (p.known_up)
        give_up(p, "its process is gone", now, out);
      p.gone |= leaves;
      members_changed_ |= leaves;
    }
  follow_leader(now, out);
}

void node_machine::received(const node_id& from, std::string_view frame, time_point now,
                            node_effect_list& out) {
  begin_step(now, out);
  auto* p = find(from.name);
  if (p == nullptr || p->id != from || p->gone)
    return; // of an incarnation that has a successor
  auto arrived = p->link.receive(frame, now);
  if (!arrived.understood) {
    note(out, "cluster.frame_not_understood peer=" + log_value(from.name), true);
    return give_up(*p, "it says what nobody understands", now, out);
  }
  p->heard = now;
  p->refused = false;
  if (arrived.begun)
    session_began(*p, now, out);
  if (arrived.beat)
    if (auto beat = decode_heartbeat(*arrived.beat))
      received_beat(*p, std::move(*beat), now, out);
  acknowledged(*p);
  auto epoch_of = [&] { return p->known_up; };
  for (auto& bytes : arrived.messages) {
    if (!epoch_of())
      return; // given up meanwhile: the rest is void
    auto message = decode_message(bytes);
    if (!message) {
      note(out, "cluster.message_not_understood peer=" + log_value(from.name), true);
      return give_up(*p, "it says what nobody understands", now, out);
    }
    received_message(*p, *message, now, out);
  }
  look_whether_in_step(*p, now, out);
  release_what_is_safe(now, out);
}

void node_machine::received_message(peer& from, cluster_message& what, time_point now,
                                    node_effect_list& out) {
  std::visit(
    [&](auto& x) {
      if constexpr (requires { heard(from, x, now, out); })
        heard(from, x, now, out);
      else
        heard(from, x);
    },
    what);
}

void node_machine::received_beat(peer& from, heartbeat beat, time_point now, node_effect_list& out) {
  if (!clock_.heard(beat.clock, wall(now))) {
    note(out,
         "cluster.clock_ahead peer=" + log_value(from.id.name) +
           " message=\"its clock is more than 60 s ahead of ours; set the clocks of both machines\"",
         true);
    return give_up(from, "its clock is ahead", now, out);
  }
  view_number_seen_ = std::max(view_number_seen_, beat.view.number);
  for (const auto& address : beat.addresses)
    if (address != options_.address && told_of_.insert(address).second)
      out.emplace_back(node_effects::dial{address});
  bool left_us = view_.contains(from.id) && beat.view > view_.id;
  if ((from.beat && from.beat->leaving) != beat.leaving)
    out.emplace_back(node_effects::members_changed{std::nullopt});
  from.beat = std::move(beat);
  if (left_us) {
    // It takes part in a newer view, and no longer consents to this one.
    withdraw(out);
  }
  answer_waiting(from, now);
  follow_leader(now, out);
}

void node_machine::session_began(peer& p, time_point now, node_effect_list& out) {
  if (p.known_up) {
    // It has given us up, and goes on without us.
    behind_ |= view_.contains(p.id);
    give_up(p, {}, now, out);
  }
  p.known_up = true;
  p.began_at = position_;
  beat_changed_ = true;
  note(out, "cluster.linked peer=" + log_value(p.id.name));
  if (options_.self.name > p.id.name)
    begin_round(p, {});
}

/// Ends a session: everything about the peer that belongs to it is void. With a reason this node begins anew,
/// without one the peer has.
void node_machine::give_up(peer& p, const std::string& why, time_point now, node_effect_list& out) {
  if (!why.empty()) {
    note(out, "cluster.given_up peer=" + log_value(p.id.name) + " why=" + log_value(why), true);
    p.link.restart(++last_epoch_);
  }
  p.known_up = false;
  p.beat.reset();
  p.comparing = p.in_step = p.owe_complete = false;
  p.round = {};
  p.complete.reset();
  p.flushed.reset();
  p.waiting.reset();
  p.holdings.clear();
  p.owed.clear();
  p.owed_from = 0;
  p.context = {};
  p.complete_number = 0;
  p.unacknowledged.clear();
  p.has = 0;
  p.deliveries.clear();
  forget_questions_of(p, out);
  for (auto& [number, q] : questions_)
    if (q.asked_of == p.id.incarnation) {
      q.asked_of = 0;
      retry_at_ = now + options_.retry_after;
    }
  // What it has told of is to be served as well, even if it does not come to a view with it.
  if (view_.contains(p.id) || !changed_elsewhere_.empty())
    withdraw(out);
  beat_changed_ = true;
  out.emplace_back(node_effects::members_changed{std::nullopt});
}

heartbeat node_machine::own_beat() const {
  heartbeat b;
  for (const auto& [name, p] : peers_) {
    if (p.known_up)
      b.linked.push_back(p.id);
    if (p.in_step)
      b.in_step.push_back(p.id);
  }
  b.leader = leader_;
  b.view = view_.id;
  if (active_)
    b.serving = view_.id;
  b.leaving = leaving_;
  b.withdrawn = withdrawn_;
  for (const auto& [name, p] : peers_)
    if (!p.gone && !p.address.empty())
      b.addresses.push_back(p.address);
  b.clock = clock_.last();
  b.unwritten_bytes = unwritten_.bytes();
  return b;
}

/// For how long it need not acknowledge anything though something is due. A body is written as a whole, and
/// nothing is acknowledged meanwhile.
duration node_machine::patience_with(const peer& p) const {
  if (!p.beat)
    return options_.away;
  std::chrono::duration<double> writes{static_cast<double>(p.beat->unwritten_bytes) /
                                       static_cast<double>(options_.disk_speed_min)};
  if (writes >= options_.write_patience_max)
    return options_.away + options_.write_patience_max;
  return options_.away + std::chrono::duration_cast<duration>(writes);
}

/// Deliveries to that peer, as far as there is room.
void node_machine::say_what_waits(peer& p) {
  for (; !p.deliveries.empty() && p.link.backlog_bytes() < options_.unacknowledged_bytes_max;
       p.deliveries.pop_front())
    say(p, std::move(p.deliveries.front()));
}

std::uint64_t node_machine::say(peer& p, const cluster_message& what) {
  return p.link.send(std::make_shared<const std::string>(encode(what)));
}

// -- coming and going --------------------------------------------------------------------------------------------------

result<void> node_machine::leave(time_point now, node_effect_list& out) {
  begin_step(now, out);
  if (leaving_)
    return {};
  auto in_view = [&](const auto& p) { return stays(p.second) && view_.contains(p.second.id); };
  if (std::none_of(peers_.begin(), peers_.end(), in_view))
    return tl::unexpected(nobody_stays());
  leaving_ = true;
  beat_changed_ = true;
  follow_leader(now, out);
  return {};
}

void node_machine::stay(time_point now, node_effect_list& out) {
  begin_step(now, out);
  leaving_ = false;
  beat_changed_ = true;
  follow_leader(now, out);
}

void node_machine::farewell() {
  for (auto& [name, p] : peers_)
    if (p.known_up)
      say(p, says::farewell{});
}

std::optional<refusal> node_machine::why_not_leave() const {
  if (std::any_of(peers_.begin(), peers_.end(), [](const auto& p) { return stays(p.second); }))
    return std::nullopt;
  return nobody_stays();
}

bool node_machine::left() const {
  if (!leaving_ || !active_ || view_.members.size() < 2 || why_not_leave())
    return false;
  auto is_self = [&](const node_id& n) { return n == options_.self; };
  return std::none_of(view_.homes.begin(), view_.homes.end(), is_self) && safe_ == position_;
}

void node_machine::heard(peer& from, const says::farewell&, time_point now, node_effect_list& out) {
  note(out, "cluster.left peer=" + log_value(from.id.name));
  from.gone = members_changed_ = true;
  give_up(from, "it has left", now, out);
}

result<void> node_machine::forget_member(const std::string& name, node_effect_list& out) {
  auto* p = find(name);
  if (name == options_.self.name)
    return refuse(reason::member_in_use, "this is the node itself; ask another one to forget it");
  if (not_met_.erase(name) > 0) {
    members_changed_ = true;
    note(out, "cluster.forgotten peer=" + log_value(name));
    return {};
  }
  if (p == nullptr)
    return refuse(reason::no_such_member, "no member is called \"" + name + "\"; GET /cluster lists them");
  if (p->known_up)
    return refuse(reason::member_in_use, "\"" + name + "\" is connected; stop it first, or let it leave");
  p->gone = members_changed_ = true;
  note(out, "cluster.forgotten peer=" + log_value(name));
  out.emplace_back(node_effects::members_changed{std::nullopt});
  return {};
}

cluster_status node_machine::status(time_point) const {
  cluster_status s;
  s.node = options_.self.name;
  s.serving = active_;
  if (!active_)
    s.reason = awaited_joins_.empty() && view_.id.number != 0
                 ? "the members agree on a new view"
                 : "it waits for the members that it knows to answer, at most for 10 s";
  auto own_state = leaving_ ? member_state::leaving : active_ ? member_state::in_step : member_state::syncing;
  s.members.push_back({s.node, options_.address, own_state, true, 0, 0});
  for (const auto& [name, p] : peers_) {
    auto state = p.gone                                                              ? member_state::gone
                 : !p.known_up                                                       ? member_state::away
                 : p.beat && p.beat->leaving                                         ? member_state::leaving
                 : p.in_step && view_.contains(p.id)                                 ? member_state::in_step
                 : p.round == view_id{} && !p.comparing && !p.in_step && !p.complete ? member_state::joining
                                                                                     : member_state::syncing;
    s.members.push_back({name, p.address, state, false, p.link.backlog_messages(), p.link.backlog_bytes()});
  }
  std::sort(s.members.begin(), s.members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return s;
}

} // namespace lmq
