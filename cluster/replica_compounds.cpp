// Which message is delivered with which others.
//
// Homes that did not hear each other may have closed lists that share messages. A list never changes, for
// somebody may have a delivery of it, and an ack settles all that was delivered and nothing else. So where
// lists share what is not settled yet, one of them has it all, and the others are ghosts; what is in ghosts
// alone is delivered alone, but not before the delivery of its ghost has ended. Which list comes first
// follows from the lists, their deliveries and what is settled: copies that know the same decide the same.
#include "cluster/replica.hpp"

#include "cluster/planted.hpp"
#include "core/mix.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace lmq {

namespace {

/// A list that this copy or another has made of one message, because no other list has it.
message_id alone(message_id id) {
  return compound_id(id, home_tag{});
}

std::uint64_t sum_of_part(message_id part, message_id unit) {
  return mix_bits(mix_bits(mix_bits(mix_bits(part.incarnation) + part.counter) + unit.incarnation) +
                  unit.counter);
}

} // namespace

bool replica::is_alone(message_id unit, const std::vector<message_id>& parts) {
  return parts.size() == 1 && unit == alone(parts.front());
}

bool replica::is_closed(const queue& q, message_id unit) {
  auto c = q.compounds.find(unit);
  return c != q.compounds.end() && !c->second.open_until;
}

bool replica::is_settled(const queue& q, message_id id) const {
  return context_.contains(id) && !q.messages.contains(id);
}

// -- who has what ------------------------------------------------------------------------------------------------------

/// Makes a held message part of a unit, or of another one than before, or of none.
void replica::own(queue& q, message_id part, message_id by) {
  own(q, part, q.messages.at(part), by);
}

/// @param m  the held message of that id
void replica::own(queue& q, message_id part, held& m, message_id by) {
  auto before = m.unit;
  if (before == by)
    return;
  if (before != message_id{}) {
    count(q, before, false);
    if (auto c = q.compounds.find(before); c != q.compounds.end()) {
      q.digest -= sum_of_part(part, before);
      --c->second.owned;
      if (!c->second.open_until)
        q.claims.emplace(part, before);
    }
    m.unit = {};
    count(q, before, true);
    drop_if_empty(q, before);
  }
  if (by == message_id{})
    return;
  auto c = q.compounds.find(by);
  if (c == q.compounds.end()) { // itself
    m.unit = by;
    return count_alone(q, by, m.so_far, true);
  }
  count(q, by, false);
  m.unit = by;
  q.digest += sum_of_part(part, by);
  ++c->second.owned;
  forget_claim(q, part, by);
  count(q, by, true);
}

/// An open window without parts is gone, and a list of which nothing is here or to come.
void replica::drop_if_empty(queue& q, message_id unit) {
  auto it = q.compounds.find(unit);
  if (it == q.compounds.end() || it->second.owned > 0)
    return;
  const auto& c = it->second;
  if (!c.open_until) {
    if (c.held > 0 ||
        std::any_of(c.parts.begin(), c.parts.end(), [&](message_id id) { return !is_settled(q, id); }))
      return;
    ended_compounds_.insert(unit);
    ended_in_order_.push_back(unit);
    if (ended_in_order_.size() > ended_compounds_max) {
      ended_compounds_.erase(ended_in_order_.front());
      ended_in_order_.pop_front();
    }
  }
  forget_list(q, unit);
}

/// Of a unit that owns nothing.
void replica::forget_list(queue& q, message_id unit) {
  auto it = q.compounds.find(unit);
  for (auto id : it->second.parts)
    forget_claim(q, id, unit);
  compound_gone(q, unit, it->second);
  q.compounds.erase(it);
}

void replica::forget_claim(queue& q, message_id part, message_id unit) {
  auto [first, last] = q.claims.equal_range(part);
  if (auto claim = std::find_if(first, last, [&](const auto& x) { return x.second == unit; }); claim != last)
    q.claims.erase(claim);
}

// -- lists -------------------------------------------------------------------------------------------------------------

/// A compound as another tells of it.
bool replica::list(queue& q, const unit_record& theirs, time_point now, change& out) {
  if (is_closed(q, theirs.unit) || std::all_of(theirs.listed.begin(), theirs.listed.end(),
                                               [&](message_id id) { return is_settled(q, id); }))
    return false;
  auto [it, is_new] = q.compounds.try_emplace(theirs.unit);
  auto& c = it->second;
  if (is_new) {
    c.so_far = progress::from(theirs.state, now);
    c.open_until = now + theirs.window.value_or(duration::zero());
  }
  if (!theirs.window) {
    count(q, theirs.unit, false);
    c.so_far.place = next_place_++;
    c.so_far.retries_left = std::min(c.so_far.retries_left, theirs.state.retries_left);
    count(q, theirs.unit, true);
    auto listed = theirs.listed;
    if (is_planted(planted_bug::half_a_list))
      std::erase_if(listed, [&](message_id id) { return !q.messages.contains(id); });
    close(q, theirs.unit, listed, out);
    return true;
  }
  auto before = c.parts.size();
  for (auto id : theirs.listed) {
    if (std::find(c.parts.begin(), c.parts.end(), id) == c.parts.end())
      c.parts.push_back(id);
  }
  bool changed = is_new || c.parts.size() != before;
  for (auto id : theirs.listed)
    if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit == message_id{}) {
      own(q, id, theirs.unit);
      changed = true; // a part that was named before has come
    }
  drop_if_empty(q, theirs.unit);
  if (changed) {
    unit_changed(q, theirs.unit);
    out.appeared.push_back(theirs.unit);
  }
  return changed;
}

/// The window has ended: this is its list. Whoever else was thought to join is in none.
void replica::close(queue& q, message_id unit, const std::vector<message_id>& parts, change& out) {
  auto& c = q.compounds.at(unit);
  count(q, unit, false);
  auto before = std::exchange(c.parts, parts);
  c.open_until.reset();
  c.held = 0;
  for (auto id : parts) {
    auto m = q.messages.find(id);
    bool is_here = m != q.messages.end();
    c.held += is_here ? 1 : 0;
    if (is_here ? m->second.unit != unit : !context_.contains(id))
      q.claims.emplace(id, unit);
  }
  count(q, unit, true);
  std::unordered_set<message_id> listed(parts.begin(), parts.end());
  for (auto id : before)
    if (auto m = q.messages.find(id);
        m != q.messages.end() && m->second.unit == unit && !listed.contains(id)) {
      m->second.so_far.retries_left = std::min(m->second.so_far.retries_left, c.so_far.retries_left);
      own(q, id, {});
      forget_claim(q, id, unit); // it is not on the list
      q.homeless.push_back(id);
    }
  q.disputed.push_back(unit);
  out.appeared.push_back(unit);
}

/// A list of its own.
void replica::stand_alone(queue& q, message_id id, const progress& begins_with, change& out) {
  auto unit = alone(id);
  auto [it, is_new] = q.compounds.try_emplace(unit);
  if (!is_new)
    return;
  it->second.so_far = begins_with;
  it->second.so_far.place = next_place_++;
  it->second.so_far.came_at = 0;
  it->second.parts = {id};
  it->second.held = 1;
  q.claims.emplace(id, unit);
  count(q, unit, true);
  own(q, id, unit);
  out.appeared.push_back(unit);
}

/// A message that stands alone was delivered with this list: until that delivery has ended it is not
/// delivered again, and as often as that was, it was.
void replica::inherit(queue& q, message_id unit, message_id from, change& out) {
  auto ended = q.compounds.at(from).so_far;
  ended.place = ended.came_at = 0;
  advance(q, unit, ended, out);
}

// -- where lists share what is not settled -----------------------------------------------------------------------------

/// Other closed lists that name an unsettled part of this one.
std::vector<message_id> replica::rivals(const queue& q, message_id of) const {
  std::vector<message_id> all;
  for (auto id : q.compounds.at(of).parts) {
    auto [first, last] = q.claims.equal_range(id);
    auto m = q.messages.find(id);
    bool is_here = m != q.messages.end();
    if (!is_here && context_.contains(id))
      continue;
    if (is_here && m->second.unit != of && is_closed(q, m->second.unit))
      all.push_back(m->second.unit);
    for (auto claim = first; claim != last; ++claim)
      if (claim->second != of)
        all.push_back(claim->second);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// Lists that were delivered more often come first, then those of a message that stands alone, then those
/// with the greater id. Whichever finds a part taken is a ghost, and so is a list of several that was
/// delivered less often than a ghost with one of its parts.
void replica::decide(queue& q, message_id disputed, change& out) {
  if (!is_closed(q, disputed))
    return;
  // All that have to do with it, and with those.
  std::vector<message_id> lists{disputed};
  std::unordered_set<message_id> known{disputed};
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (auto other : rivals(q, lists[i]))
      if (known.insert(other).second)
        lists.push_back(other);
  std::sort(lists.begin(), lists.end(), [&](message_id a, message_id b) {
    const auto &ca = q.compounds.at(a), &cb = q.compounds.at(b);
    return std::tuple{ca.so_far.deliveries, is_alone(a, ca.parts), a} >
           std::tuple{cb.so_far.deliveries, is_alone(b, cb.parts), b};
  });
  std::unordered_map<message_id, message_id> owners;
  std::unordered_map<message_id, std::uint32_t> of_ghosts; // the most deliveries of a ghost with that part
  std::vector<message_id> ghosts;
  for (auto unit : lists) {
    const auto& list = q.compounds.at(unit);
    const auto& parts = list.parts;
    bool is_one = is_alone(unit, parts);
    auto deliveries = list.so_far.deliveries;
    bool is_ghost = std::any_of(parts.begin(), parts.end(), [&](message_id id) {
      if (is_settled(q, id))
        return false;
      auto ghost = of_ghosts.find(id);
      return owners.contains(id) || (!is_one && ghost != of_ghosts.end() && ghost->second > deliveries);
    });
    if (is_ghost)
      ghosts.push_back(unit);
    for (auto id : parts)
      if (is_ghost)
        of_ghosts.emplace(id, deliveries); // those delivered more often came before
      else
        owners.emplace(id, unit);
  }
  if (is_planted(planted_bug::grown_window))
    for (auto unit : ghosts)
      for (auto id : std::vector{q.compounds.at(unit).parts})
        if (owners.emplace(id, lists.front()).second) {
          auto& winner = q.compounds.at(lists.front());
          winner.parts.push_back(id);
          winner.held += q.messages.contains(id) ? 1 : 0;
          q.claims.emplace(id, lists.front());
        }
  // First those let go that have what they may not have, so that each is whole or nothing.
  std::vector<message_id> shared;
  for (auto unit : lists)
    for (auto id : q.compounds.at(unit).parts)
      if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit != id)
        shared.push_back(id);
  for (auto id : shared)
    if (auto owner = owners.find(id); owner != owners.end() && q.messages.at(id).unit != owner->second) {
      if (auto before = q.messages.at(id).unit; before != message_id{})
        out.appeared.push_back(before);
      own(q, id, owner->second);
      out.appeared.push_back(owner->second);
    }
  for (auto unit : ghosts)
    for (auto id : std::vector{q.compounds.at(unit).parts}) {
      auto m = q.messages.find(id);
      if (m == q.messages.end() || m->second.unit == id)
        continue;
      if (!owners.contains(id)) {
        if (m->second.unit != message_id{})
          out.appeared.push_back(m->second.unit);
        stand_alone(q, id, q.compounds.at(unit).so_far, out);
        owners.emplace(id, alone(id));
      }
      if (owners.at(id) == alone(id))
        inherit(q, alone(id), unit, out);
    }
}

/// What a step has put in doubt is decided at its end, when all that it brought is known.
void replica::end_step(queue& q, change& out) {
  while (!q.disputed.empty()) {
    auto disputed = std::exchange(q.disputed, {});
    std::sort(disputed.begin(), disputed.end());
    disputed.erase(std::unique(disputed.begin(), disputed.end()), disputed.end());
    for (auto unit : disputed)
      decide(q, unit, out);
  }
  for (auto id : std::exchange(q.homeless, {}))
    if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit == message_id{})
      stand_alone(q, id, m->second.so_far, out);
}

} // namespace lmq
