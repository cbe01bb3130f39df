// Facts: into the replica, to the peers, and when they are safe.
#include "cluster/codec.hpp"
#include "cluster/node_machine.hpp"
#include "cluster/planted.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

/// Purged is what these facts settle if they say so of all of it: as the deletion of a queue does, by a node
/// that is not its home.
facts::settled::cause cause_of(const std::vector<fact>& facts) {
  using cause = facts::settled::cause;
  auto purges = [](const fact& f) {
    const auto* gone = std::get_if<facts::settled>(&f);
    return gone != nullptr && gone->why == cause::purge;
  };
  return std::all_of(facts.begin(), facts.end(), purges) ? cause::purge : cause::ack;
}

} // namespace

// -- what happens here -------------------------------------------------------------------------------------------------

/// Says it to all who listen, and remembers when it will be safe. Mostly nobody does on a node of its own:
/// then nothing is made of it.
template <class Make>
std::uint64_t node_machine::next_position(Make make) {
  ++position_;
  link_payload encoded;
  for (auto& [name, p] : peers_)
    if (p.known_up) {
      if (!encoded)
        encoded = std::make_shared<const std::string>(encode(cluster_message{make()}));
      p.unacknowledged.emplace_back(position_, p.link.send(encoded));
    }
  return position_;
}

std::uint64_t node_machine::next_position(const std::string& queue, const std::vector<fact>& facts) {
  return next_position([&] { return says::recorded{queue, facts}; });
}

void node_machine::record(const std::string& queue, const std::vector<fact>& facts, std::uint64_t number,
                          time_point now, node_effect_list& out) {
  begin_step(now, out);
  replica::change ours;
  replica_.apply(queue, facts, now, ours);
  auto position = next_position(queue, facts);
  if (number == of_deleted)
    tell_queue(queue, ours, cause_of(facts), now, out);
  else
    awaited_.push_back({position, rows_to_come(), queue, number, std::nullopt});
  release_what_is_safe(now, out);
  if (!metadata_.contains(queue) && active_ && is_home(queue) && replica_.size(queue) > 0)
    if (auto change =
          metadata_.open(queue, stamp_at(now))) // deleted meanwhile: whatever holds a message exists
      write(0, std::move(change), out);
}

/// A position is safe when every member of the view has what was said until then.
void node_machine::release_what_is_safe(time_point now, node_effect_list& out) {
  if (view_.id.number == 0 || withdrawn_)
    return;
  auto safe = position_;
  for (const auto& m : view_.members) {
    if (m == options_.self)
      continue;
    auto* p = find(m.name);
    if (p == nullptr || p->id != m || !p->in_step)
      return;
    if (!is_planted(planted_bug::answer_before_copies))
      safe = std::min(safe, p->has);
  }
  safe_ = std::max(safe_, safe);
  // What was safe in a view before counts no more: somebody in this one may lack it.
  std::map<std::string, std::uint64_t> batches; // the last of each queue stands for those before it
  while (!awaited_.empty() && awaited_.front().position <= safe &&
         (awaited_.front().rows <= rows_stored_ || is_planted(planted_bug::answer_before_disk))) {
    auto a = std::move(awaited_.front());
    awaited_.pop_front();
    if (!a.queue.empty())
      batches[a.queue] = a.number;
    else if (a.answer)
      tell_as_home(a.answer->first, std::move(a.answer->second), now, out);
    else if (a.number != 0)
      out.emplace_back(node_effects::write_done{a.number});
  }
  for (auto& [queue, number] : batches)
    out.emplace_back(node_effects::facts_safe{queue, number});
}

/// Dead letters that are back in the queue where they died, whose last home could not tell that any more.
void node_machine::settle_redriven(const std::string& queue, time_point now) {
  auto ids = replica_.ids(queue);
  std::erase_if(
    ids, [this](message_id id) { return !is_moved(id) || !replica_.context().contains(moved_id(id, "")); });
  if (ids.empty())
    return;
  std::vector<fact> gone{facts::settled{std::move(ids), facts::settled::cause::discard}};
  replica::change ours;
  replica_.apply(queue, gone, now, ours);
  next_position(queue, gone);
}

void node_machine::acknowledged(peer& p) {
  auto arrived = p.link.acknowledged();
  while (!p.unacknowledged.empty() && p.unacknowledged.front().second <= arrived) {
    p.has = p.unacknowledged.front().first;
    p.unacknowledged.pop_front();
  }
}

// -- what happens elsewhere --------------------------------------------------------------------------------------------

void node_machine::heard(peer& from, says::recorded& what, time_point now, node_effect_list& out) {
  replica::change change;
  replica_.apply(what.queue, what.facts, now, change);
  absorb(from, what.queue, change, cause_of(what.facts), now, out);
}

/// What a peer has told of a queue is told to the queue if it serves here, and to those who do not hear the
/// peer themselves.
///
/// @param why  of all that was settled
void node_machine::absorb(const peer& from, const std::string& queue, replica::change& what,
                          facts::settled::cause why, time_point now, node_effect_list& out) {
  tell_queue(queue, what, why, now, out);
  const auto& units = what.appeared;
  if (!what.settled.empty())
    relay(from, says::recorded{queue, {facts::settled{what.settled, why}}});
  if (!units.empty() && peers_.size() > 1) {
    auto moved = replica_.to_move(queue, units, now);
    read_bodies(moved);
    relay(from, moved);
  }
}

/// The queue hears, if it serves here, what others have done to it. Sorts what appeared.
void node_machine::tell_queue(const std::string& queue, replica::change& what, facts::settled::cause why,
                              time_point now, node_effect_list& out) {
  auto& units = what.appeared;
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  if (serving_.contains(queue)) {
    if (!units.empty() || !what.settled.empty())
      changed_elsewhere_.insert(queue);
    if (queues_ != queues_are::stopped) {
      if (!what.settled.empty())
        out.emplace_back(node_effects::forget_messages{queue, {what.settled, why}});
      // Compounds wait for the view that follows: then the queue begins anew with all that is known of them.
      auto fresh = replica_.units(queue, units, now);
      std::erase_if(fresh, [](const held_unit& u) { return !std::holds_alternative<message>(u.content); });
      if (!fresh.empty())
        out.emplace_back(node_effects::adopt_units{queue, std::move(fresh)});
    }
  } else if (active_ && is_home(queue)) {
    if (replica_.size(queue) > 0)
      serve(queue, now, out);
  } else if (!units.empty() && replica_.ready(queue) > 0) {
    out.emplace_back(node_effects::maybe_ready{queue});
  }
}

/// To those who do not hear the peer themselves; and to those that are being compared with, whose lists may
/// be older than this.
void node_machine::relay(const peer& from, const cluster_message& what) {
  for (auto& [name, p] : peers_) {
    bool hears =
      p.beat && std::find(p.beat->linked.begin(), p.beat->linked.end(), from.id) != p.beat->linked.end();
    if (&p != &from && p.known_up && ((p.beat && !hears) || p.comparing))
      say(p, what);
  }
}

// -- metadata ----------------------------------------------------------------------------------------------------------

void node_machine::write(std::uint64_t number, std::optional<metadata_change> change, node_effect_list& out) {
  if (change) {
    next_position([&] { return says::changed{*change}; });
    if (options_.stores)
      changed_names_.insert_or_assign(note_name(*change), *change);
    out.emplace_back(node_effects::metadata_changed{*std::move(change)});
  }
  if (number != 0)
    awaited_.push_back({position_, rows_to_come(), {}, number, std::nullopt});
}

void node_machine::open(const std::string& queue, time_point now, node_effect_list& out) {
  begin_step(now, out);
  write(0, metadata_.open(queue, stamp_at(now)), out);
}

void node_machine::remove(std::uint64_t number, const std::string& queue, time_point now,
                          node_effect_list& out) {
  begin_step(now, out);
  if (auto ids = replica_.ids(queue); !ids.empty()) {
    std::vector<fact> gone{facts::settled{std::move(ids), facts::settled::cause::purge}};
    replica::change ours;
    replica_.apply(queue, gone, now, ours);
    next_position(queue, gone);
  }
  forget_queue(queue);
  write(number, metadata_.remove(queue, stamp_at(now)), out);
  release_what_is_safe(now, out);
}

/// It does not serve here any more. Something may have been pushed that its deletion does not cover, and
/// whatever holds a message exists: it begins anew when the one that was deleted has said all that it had to
/// say.
void node_machine::forget_queue(const std::string& queue) {
  serving_.erase(queue);
  changed_elsewhere_.erase(queue);
  reopened_.insert(queue);
}

void node_machine::patch(std::uint64_t number, const std::string& queue, const property_set& change,
                         time_point now, node_effect_list& out) {
  begin_step(now, out);
  write(number, metadata_.patch(queue, change, stamp_at(now)), out);
  release_what_is_safe(now, out);
}

void node_machine::reset(std::uint64_t number, const std::string& queue, time_point now,
                         node_effect_list& out) {
  begin_step(now, out);
  write(number, metadata_.reset(queue, stamp_at(now)), out);
  release_what_is_safe(now, out);
}

void node_machine::set_rules(std::uint64_t number, std::vector<rule> rules, time_point now,
                             node_effect_list& out) {
  begin_step(now, out);
  write(number, metadata_.set_rules(std::move(rules), stamp_at(now)), out);
  release_what_is_safe(now, out);
}

void node_machine::heard(peer& from, says::changed& what, time_point now, node_effect_list& out) {
  // Whatever is written here from now on is written later.
  auto latest = std::max(what.what.of_rules.clock, what.what.of_queue.of_existence.clock);
  for (auto s : what.what.of_queue.of_own)
    latest = std::max(latest, s.clock);
  if (!clock_.heard(latest, wall(now)))
    return give_up(from, "its clock is ahead", now, out);
  if (!metadata_.merge(what.what))
    return;
  if (const auto* q = metadata_.find(what.what.queue)) {
    what.what.of_queue = *q; // what holds now
    if (!q->exists) {
      forget_queue(what.what.queue);
    }
  }
  if (options_.stores)
    changed_names_.insert_or_assign(note_name(what.what), what.what);
  out.emplace_back(node_effects::metadata_changed{what.what});
  relay(from, what);
}

} // namespace lmq
