// What other copies tell: two of them become equal.
#include "cluster/replica.hpp"

#include "cluster/planted.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace lmq {

/// What another copy knows of a unit.
bool replica::merge_unit(queue& q, const unit_record& theirs, time_point now, change& out) {
  bool any = theirs.compound && list(q, theirs, now, out);
  any |= advance(q, theirs.unit, progress::from(theirs.state, now), out);
  return any;
}

void replica::take(std::string_view name, const std::vector<unit_record>& units,
                   const std::vector<moved_message>& messages, time_point now, change& out) {
  auto& q = at(name);
  std::unordered_map<message_id, const unit_record*> unit_of;
  for (const auto& u : units) {
    if (u.compound)
      for (auto id : u.listed)
        unit_of.emplace(id, &u);
    else
      unit_of.emplace(u.unit, &u);
  }
  std::unordered_set<message_id> fresh;
  for (const auto& m : messages) {
    auto unit = unit_of.find(m.id);
    if (unit == unit_of.end())
      continue;
    bool is_new = learn(m.id);
    if (!is_new && !(is_planted(planted_bug::put_without_context) && !q.messages.contains(m.id)))
      continue;
    arrive(q, m.id, m.content, progress::from(unit->second->state, now));
    fresh.insert(m.id);
    q.homeless.push_back(m.id);
    out.any = true;
  }
  for (const auto& theirs : units) {
    if (!theirs.compound && fresh.contains(theirs.unit)) {
      auto& m = q.messages.at(theirs.unit);
      m.so_far.place = next_place_++;
      own(q, theirs.unit, theirs.unit);
      out.appeared.push_back(theirs.unit);
    } else {
      out.any |= merge_unit(q, theirs, now, out);
    }
  }
  end_step(q, out);
}

replica::difference replica::compare(std::string_view name, const std::vector<unit_record>& theirs,
                                     const id_set& context, time_point now, change& out) {
  auto& q = at(name);
  std::unordered_set<message_id> they_hold;
  for (const auto& unit : theirs) {
    if (unit.compound)
      they_hold.insert(unit.parts.begin(), unit.parts.end());
    else
      they_hold.insert(unit.unit);
  }
  difference d;
  std::vector<message_id> gone;
  for (const auto& [id, m] : q.messages)
    if (!they_hold.contains(id))
      (context.contains(id) ? gone : d.to_send).push_back(id);
  for (auto id : gone)
    settle(&q, id, out);
  out.any |= !gone.empty();
  for (const auto& unit : theirs)
    out.any |= merge_unit(q, unit, now, out);
  end_step(q, out);
  // In their order here. Looked up once each: there may be very many.
  std::vector<std::pair<std::uint64_t, message_id>> in_order;
  in_order.reserve(d.to_send.size());
  for (auto id : d.to_send)
    in_order.emplace_back(find_progress(q, q.messages.at(id).unit)->place, id);
  std::sort(in_order.begin(), in_order.end());
  std::transform(in_order.begin(), in_order.end(), d.to_send.begin(), [](const auto& x) { return x.second; });
  for (auto id : they_hold)
    if (!context_.contains(id))
      d.theirs_to_come.push_back(id);
  return d;
}

void replica::unite(id_set context, const std::vector<message_id>& to_come) {
  for (auto id : to_come)
    if (!context_.contains(id) && !is_planted(planted_bug::context_before_bodies))
      context.remove(id);
  learn(context);
  // A message that a list waits for may turn out to be settled.
  for (auto& [name, q] : queues_) {
    std::vector<message_id> settled;
    for (const auto& [part, unit] : q.claims)
      if (is_settled(q, part))
        settled.push_back(part);
    change nothing_held_has_changed;
    for (auto id : settled)
      settle(&q, id, nothing_held_has_changed);
    if (!settled.empty())
      end_step(q, nothing_held_has_changed);
  }
}

} // namespace lmq
