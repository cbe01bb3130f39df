// Two copies become equal: sums first, then lists of what differs, then what one of them lacks.
#include "cluster/node_machine.hpp"

#include "cluster/planted.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace lmq {

void node_machine::reset_round(peer& p, view_id round) {
  p.round = round;
  p.comparing = true;
  p.holdings.clear();
  p.owed.clear();
  p.owed_from = 0;
  p.context = {};
  p.owe_complete = false;
  p.complete_number = 0;
}

/// The node with the greater name asks.
void node_machine::begin_round(peer& p, view_id round) {
  reset_round(p, round);
  says::summary s{round, replica_.context(), replica_.sums(), metadata_.digest()};
  say(p, s);
}

void node_machine::heard(peer& from, says::summary& what, time_point now, node_effect_list&) {
  from.waiting = std::move(what);
  answer_waiting(from, now);
}

/// A round of a view waits until this node has stopped as well: then nothing is under way. If that is not to
/// come, because this node or the one that asks is past that view, the two compare nevertheless: whoever has
/// never been compared is in no view.
void node_machine::answer_waiting(peer& p, time_point now) {
  if (!p.waiting)
    return;
  auto round = p.waiting->round;
  bool asker_is_past = p.beat && p.beat->view > round;
  bool stops_yet = round == view_.id && flushed_ != view_.id && !withdrawn_;
  if (is_planted(planted_bug::round_never_answered) && round != view_id{} && (round != view_.id || stops_yet))
    return round <= flushed_ ? p.waiting.reset() : void();
  if (!asker_is_past && (round > view_.id || stops_yet))
    return;
  auto theirs = *std::exchange(p.waiting, std::nullopt);
  answer_summary(p, theirs, now);
}

void node_machine::answer_summary(peer& from, const says::summary& theirs, time_point now) {
  reset_round(from, theirs.round);
  from.context = theirs.context;
  std::set<std::string> differing;
  std::set<std::string_view> named;
  for (const auto& q : theirs.queues) {
    auto ours = replica_.sum(q.name);
    if (ours.units != q.units || ours.digest != q.digest)
      differing.insert(q.name);
    named.insert(q.name);
  }
  for (const auto& q : replica_.queues())
    if (!named.contains(q))
      differing.insert(q);
  for (const auto& q : differing)
    say(from, says::holds{theirs.round, q, replica_.records(q, now)});
  bool metadata_differs = theirs.metadata != metadata_.digest();
  if (metadata_differs)
    say_metadata(from);
  say(from, says::compared{theirs.round, false, replica_.context(), metadata_differs});
}

void node_machine::say_metadata(peer& to) {
  for (auto& change : metadata_.all())
    say(to, says::changed{std::move(change)});
}

void node_machine::heard(peer& from, says::holds& what) {
  if (what.round == from.round)
    from.holdings.push_back(std::move(what));
}

/// The lists are complete: what the other has settled is settled, what it lacks is owed. Whoever asked
/// answers with its own lists.
void node_machine::heard(peer& from, says::compared& what, time_point now, node_effect_list& out) {
  if (what.round != from.round || !from.comparing)
    return;
  // The context of whoever asked is that of its summary: what it has seen since, in queues whose sums were
  // equal then, it holds, and nobody has said so.
  auto context = what.reply ? std::exchange(from.context, {}) : std::move(what.context);
  std::vector<message_id> to_come;
  for (auto& theirs : from.holdings) {
    replica::change change;
    auto d = replica_.compare(theirs.queue, theirs.units, context, now, change);
    to_come.insert(to_come.end(), d.theirs_to_come.begin(), d.theirs_to_come.end());
    if (!d.to_send.empty())
      from.owed.emplace_back(theirs.queue, std::move(d.to_send));
    if (!what.reply)
      say(from, says::holds{what.round, theirs.queue, replica_.records(theirs.queue, now)});
    absorb(from, theirs.queue, change, facts::settled::cause::ack, now, out);
  }
  from.holdings.clear();
  replica_.unite(std::move(context), to_come);
  if (!what.reply) {
    if (what.metadata_differs)
      say_metadata(from);
    say(from, says::compared{what.round, true, {}, false});
  }
  from.owe_complete = true;
  move_what_is_owed(from, now);
}

/// As much as the link takes without a backlog, so that facts do not queue behind what can wait.
void node_machine::move_what_is_owed(peer& p, time_point now) {
  if (!p.owe_complete)
    return;
  while (!p.owed.empty() && p.link.backlog_bytes() < options_.of_links.window_bytes_max / 2) {
    auto& [queue, ids] = p.owed.front();
    std::vector<message_id> some;
    auto bytes = std::size_t{0};
    auto from = p.owed_from;
    for (; from < ids.size() && bytes < options_.transfer_bytes; ++from) {
      bytes += replica_.bytes(queue, ids[from]);
      some.push_back(ids[from]);
    }
    auto moved = replica_.to_move(queue, some, now);
    read_bodies(moved);
    if (!moved.messages.empty())
      say(p, moved);
    // What has been settled since is told as such: otherwise the peer would know nothing of it, and pass for
    // equal.
    std::erase_if(some, [&](message_id id) { return replica_.holds(queue, id); });
    if (!some.empty())
      say(p, says::recorded{queue, {facts::settled{std::move(some)}}});
    p.owed_from = from;
    if (from == ids.size()) {
      p.owed.pop_front();
      p.owed_from = 0;
    }
  }
  if (p.owed.empty()) {
    p.owe_complete = false;
    p.comparing = false;
    p.complete_number = say(p, says::complete{p.round});
    p.unacknowledged.emplace_back(position_, p.complete_number);
  }
}

void node_machine::heard(peer& from, says::moved& what, time_point now, node_effect_list& out) {
  replica::change change;
  replica_.take(what.queue, what.units, what.messages, now, change);
  absorb(from, what.queue, change, facts::settled::cause::ack, now, out);
}

void node_machine::heard(peer& from, const says::complete& what, time_point now, node_effect_list& out) {
  from.complete = what.round;
  look_whether_in_step(from, now, out);
  activate_if_ready(now, out);
}

/// In step: each has said all that the other lacked, and this node knows that its own part has arrived.
void node_machine::look_whether_in_step(peer& p, time_point now, node_effect_list& out) {
  if (p.in_step || !p.known_up || !p.complete || p.complete_number == 0 ||
      p.link.acknowledged() < p.complete_number)
    return;
  p.in_step = true;
  p.has = std::max(p.has, p.began_at);
  beat_changed_ = true;
  note(out, "cluster.in_step peer=" + log_value(p.id.name));
  out.emplace_back(node_effects::members_changed{std::nullopt});
  follow_leader(now, out);
}

} // namespace lmq
