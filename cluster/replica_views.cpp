// What a copy tells of itself.
#include "cluster/replica.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace lmq {

bool replica::holds(std::string_view name, message_id id) const {
  const auto* q = find(name);
  return q != nullptr && q->messages.contains(id);
}

says::summary::queue replica::sum(std::string_view name) const {
  const auto* q = find(name);
  return q == nullptr ? says::summary::queue{std::string{name}, 0, 0}
                      : says::summary::queue{std::string{name}, q->units, q->digest};
}

std::vector<says::summary::queue> replica::sums() const {
  std::vector<says::summary::queue> all;
  for (const auto& [name, q] : queues_)
    if (!q.messages.empty())
      all.push_back({name, q.units, q.digest});
  return all;
}

unit_record replica::record_of(const queue& q, message_id unit, time_point now) const {
  if (auto c = q.compounds.find(unit); c != q.compounds.end()) {
    unit_record r{unit, c->second.so_far.to_state(now), true, std::nullopt, {}, {}};
    if (c->second.open_until)
      r.window = std::max(duration::zero(), *c->second.open_until - now);
    for (auto id : c->second.parts)
      if (auto m = q.messages.find(id); m != q.messages.end()) {
        r.listed.push_back(id);
        if (m->second.unit == unit)
          r.parts.push_back(id);
      } else if (!context_.contains(id)) {
        r.listed.push_back(id);
      }
    return r;
  }
  return {unit, q.messages.at(unit).so_far.to_state(now), false, std::nullopt, {}, {}};
}

std::vector<unit_record> replica::records(std::string_view name, time_point now) const {
  std::vector<unit_record> all;
  if (const auto* q = find(name)) {
    all.reserve(q->units);
    for (const auto& [id, m] : q->messages)
      if (m.unit == id)
        all.push_back(record_of(*q, id, now));
    for (const auto& [id, c] : q->compounds)
      all.push_back(record_of(*q, id, now));
  }
  return all;
}

says::moved replica::to_move(std::string_view name, const std::vector<message_id>& ids,
                             time_point now) const {
  says::moved all{std::string{name}, {}, {}};
  const auto* q = find(name);
  if (q == nullptr)
    return all;
  std::unordered_set<message_id> told;
  auto tell = [&](message_id unit) {
    if (told.insert(unit).second)
      all.units.push_back(record_of(*q, unit, now));
  };
  for (auto id : ids) {
    if (auto m = q->messages.find(id); m != q->messages.end()) {
      tell(m->second.unit);
      all.messages.push_back({id, m->second.content});
    } else if (auto c = q->compounds.find(id); c != q->compounds.end()) {
      tell(id);
      for (auto part : c->second.parts)
        if (auto p = q->messages.find(part); p != q->messages.end() && p->second.unit == id)
          all.messages.push_back({part, p->second.content});
    }
  }
  return all;
}

bool replica::complete(const held_compound& c) const {
  return std::all_of(c.parts.begin(), c.parts.end(), [&](message_id id) { return context_.contains(id); });
}

std::vector<fact> replica::without_missing(std::string_view name) {
  std::vector<fact> all;
  auto* q = find(name);
  if (q == nullptr)
    return all;
  std::vector<message_id> of_nothing;
  for (const auto& [unit, c] : q->compounds)
    if (!c.open_until && c.held == 0)
      of_nothing.push_back(unit);
  change nothing_held_has_changed;
  for (auto unit : of_nothing) {
    for (auto other : rivals(*q, unit))
      q->disputed.push_back(other);
    forget_list(*q, unit);
  }
  end_step(*q, nothing_held_has_changed);
  for (const auto& [unit, c] : q->compounds)
    if (!c.open_until && c.owned > 0 && !complete(c))
      for (auto id : c.parts)
        if (auto m = q->messages.find(id); m != q->messages.end() && m->second.unit == unit)
          all.emplace_back(facts::closed{compound_id(id, home_tag{}), c.so_far.retries_left, {id}});
  return all;
}

std::optional<held_unit> replica::unit_of(const queue& q, message_id unit, time_point now) const {
  if (auto c = q.compounds.find(unit); c != q.compounds.end()) {
    if (c->second.owned == 0 || (!c->second.open_until && !complete(c->second)))
      return std::nullopt;
    compound parts;
    for (auto id : c->second.parts)
      if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit == unit)
        parts.push_back({id, m->second.content});
    held_unit u{unit, std::make_shared<const compound>(std::move(parts)), c->second.so_far.to_state(now),
                std::nullopt};
    if (c->second.open_until)
      u.window = std::max(duration::zero(), *c->second.open_until - now);
    return u;
  }
  if (auto m = q.messages.find(unit); m != q.messages.end() && m->second.unit == unit)
    return held_unit{unit, m->second.content, m->second.so_far.to_state(now), std::nullopt};
  return std::nullopt;
}

std::vector<held_unit> replica::units(std::string_view name, time_point now) const {
  std::vector<held_unit> all;
  const auto* q = find(name);
  if (q == nullptr)
    return all;
  std::vector<std::pair<std::uint64_t, message_id>> in_order;
  in_order.reserve(q->units);
  for (const auto& [id, m] : q->messages)
    if (m.unit == id)
      in_order.emplace_back(m.so_far.place, id);
  for (const auto& [id, c] : q->compounds)
    in_order.emplace_back(c.so_far.place, id);
  std::sort(in_order.begin(), in_order.end());
  all.reserve(in_order.size());
  for (const auto& [place, id] : in_order)
    if (auto unit = unit_of(*q, id, now))
      all.push_back(*std::move(unit));
  return all;
}

std::vector<held_unit> replica::units(std::string_view name, const std::vector<message_id>& which,
                                      time_point now) const {
  std::vector<held_unit> all;
  if (const auto* q = find(name))
    for (auto id : which)
      if (auto unit = unit_of(*q, id, now))
        all.push_back(*std::move(unit));
  return all;
}

std::vector<message_id> replica::still_leased(std::string_view name, lease_id lease, time_point now) const {
  std::vector<message_id> all;
  const auto* q = find(name);
  if (q == nullptr)
    return all;
  auto c = q->compounds.find(lease.message);
  auto m = q->messages.find(lease.message);
  const progress* p = nullptr;
  if (c != q->compounds.end() && !c->second.open_until)
    p = &c->second.so_far;
  else if (m != q->messages.end() && m->second.unit == lease.message)
    p = &m->second.so_far;
  if (p == nullptr)
    return all;
  bool is_latest = p->deliveries == lease.delivery && p->home == lease.home;
  bool holds = is_latest && p->leased && now < p->lease_end;
  if (auto outdone = q->outdone.find(lease); outdone != q->outdone.end())
    holds |= now < outdone->second;
  // Whoever made it has died before it could tell.
  if (c != q->compounds.end() && c->second.owned == 0)
    holds |= lease.delivery > p->deliveries && lease.delivery <= property_limits::retry_max + 1;
  if (!holds)
    return all;
  if (c == q->compounds.end())
    return {lease.message};
  for (auto id : c->second.parts)
    if (!is_settled(*q, id))
      all.push_back(id);
  return all;
}

std::size_t replica::bytes(std::string_view name, message_id id) const {
  constexpr std::size_t beside_the_body = 64;
  const auto* q = find(name);
  if (q == nullptr)
    return 0;
  auto m = q->messages.find(id);
  return m == q->messages.end() ? 0 : beside_the_body + memory_bytes(m->second.content);
}

bool replica::has_ended(std::string_view name, lease_id lease) const {
  const auto* q = find(name);
  if (q == nullptr)
    return false;
  const progress* p = nullptr;
  if (auto c = q->compounds.find(lease.message); c != q->compounds.end())
    p = &c->second.so_far;
  else if (auto m = q->messages.find(lease.message); m != q->messages.end())
    p = &m->second.so_far;
  return p != nullptr && p->deliveries == lease.delivery && p->home == lease.home && !p->leased;
}

std::vector<message_id> replica::ids(std::string_view name) const {
  std::vector<message_id> all;
  if (const auto* q = find(name))
    for (const auto& [id, m] : q->messages)
      all.push_back(id);
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t replica::ready(std::string_view name) const {
  const auto* q = find(name);
  return q == nullptr ? 0 : q->ready;
}

std::size_t replica::size(std::string_view name) const {
  const auto* q = find(name);
  return q == nullptr ? 0 : q->units;
}

std::vector<std::string> replica::queues() const {
  std::vector<std::string> names;
  for (const auto& [name, q] : queues_)
    if (!q.messages.empty())
      names.push_back(name);
  return names;
}

} // namespace lmq
