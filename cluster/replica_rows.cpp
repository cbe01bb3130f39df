// What is written of a copy so that it can go on after its end.
#include "cluster/replica.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace lmq {

namespace {

void make_unique(auto& all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

} // namespace

// -- what has changed --------------------------------------------------------------------------------------------------

bool replica::learn(message_id id) {
  bool is_new = context_.add(id);
  if (is_new && keeps_rows_ && (changed_contexts_.empty() || changed_contexts_.back() != id.incarnation))
    changed_contexts_.push_back(id.incarnation);
  return is_new;
}

void replica::learn(const id_set& ids) {
  context_.unite(ids);
  if (keeps_rows_)
    for (const auto& [incarnation, intervals] : ids.by_incarnation())
      changed_contexts_.push_back(incarnation);
}

bool replica::note_change(queue& q) {
  if (keeps_rows_ && !std::exchange(q.has_changed, true))
    changed_queues_.push_back(&q);
  return keeps_rows_;
}

void replica::unit_changed(queue& q, message_id unit) {
  if (note_change(q) && (q.changed.empty() || q.changed.back() != unit))
    q.changed.push_back(unit);
}

void replica::message_gone(queue& q, message_id id, const held& m) {
  if (!m.has_row || !note_change(q))
    return;
  q.gone_messages.push_back(id);
  if (m.has_unit_row)
    q.gone_units.push_back(id);
}

void replica::compound_gone(queue& q, message_id unit, const held_compound& c) {
  if (c.has_row && note_change(q))
    q.gone_units.push_back(unit);
}

// -- writing -----------------------------------------------------------------------------------------------------------

void replica::take_rows(time_point now, store_batch& out) {
  for (auto* q : std::exchange(changed_queues_, {})) {
    stored_queue_change rows;
    rows.queue = *q->name;
    rows.gone_messages = std::exchange(q->gone_messages, {});
    rows.gone_units = std::exchange(q->gone_units, {});
    make_unique(q->changed);
    for (auto unit : q->changed)
      write_unit(*q, unit, now, rows);
    q->changed.clear();
    q->has_changed = false;
    if (!rows.messages.empty() || !rows.units.empty() || !rows.gone_messages.empty() ||
        !rows.gone_units.empty())
      out.queues.push_back(std::move(rows));
  }
  make_unique(changed_contexts_);
  for (auto incarnation : std::exchange(changed_contexts_, {}))
    out.context.emplace(incarnation, context_.of(incarnation));
}

void replica::write_message(message_id id, held& m, stored_queue_change& out) const {
  if (!std::exchange(m.has_row, true))
    out.messages.push_back({id, m.content, m.so_far.retries_left, m.so_far.place});
}

void replica::write_unit(queue& q, message_id unit, time_point now, stored_queue_change& out) {
  if (auto c = q.compounds.find(unit); c != q.compounds.end()) {
    auto record = record_of(q, unit, now);
    for (auto id : c->second.parts)
      if (auto m = q.messages.find(id); m != q.messages.end())
        write_message(id, m->second, out);
    out.units.push_back(
      {unit, record.state, c->second.so_far.place, true, record.window, std::move(record.listed)});
    c->second.has_row = true;
    return;
  }
  auto it = q.messages.find(unit);
  if (it == q.messages.end() || it->second.unit != unit)
    return;
  auto& m = it->second;
  const auto& p = m.so_far;
  bool says_it_all = !m.has_row && p.deliveries == 0 && !p.leased && !p.exhausted;
  write_message(unit, m, out);
  if (says_it_all)
    return;
  m.has_unit_row = true;
  out.units.push_back({unit, p.to_state(now), p.leased ? p.came_at : p.place, false, std::nullopt, {}});
}

std::vector<message_id> replica::put_away(std::string_view name, const std::vector<message_id>& ids) {
  std::vector<message_id> away;
  auto* q = find(name);
  if (q == nullptr)
    return away;
  for (auto id : ids) {
    auto it = q->messages.find(id);
    if (it == q->messages.end() || it->second.unit != id || it->second.so_far.leased ||
        it->second.content.away)
      continue;
    body_bytes_ -= memory_bytes(it->second.content);
    it->second.content = lmq::put_away(it->second.content);
    away.push_back(id);
  }
  return away;
}

// -- reading -----------------------------------------------------------------------------------------------------------

void replica::restore(stored_state&& from, time_point now) {
  auto keeps_rows = keeps_rows_;
  context_ = std::move(from.context);
  for (auto& [name, rows] : from.queues) {
    auto& q = at(name);
    keeps_rows_ = false; // what is read need not be written
    q.messages.reserve(rows.messages.size());
    for (auto& row : rows.messages) {
      held m{std::move(row.content), {}, {}, true, false};
      m.so_far.retries_left = row.retries_left;
      m.so_far.place = row.place;
      next_place_ = std::max(next_place_, row.place + 1);
      context_.add(row.id);
      body_bytes_ += memory_bytes(m.content);
      ++messages_;
      q.messages.emplace(row.id, std::move(m));
    }
    for (auto& row : rows.units) {
      next_place_ = std::max(next_place_, row.place + 1);
      if (row.compound) {
        if (!restore_compound(q, row, now))
          q.gone_units.push_back(row.unit);
      } else if (auto m = q.messages.find(row.unit); m != q.messages.end()) {
        m->second.so_far = progress::from(row.state, now);
        m->second.so_far.place = m->second.so_far.came_at = row.place;
        m->second.has_unit_row = true;
      }
    }
    for (const auto& [unit, c] : q.compounds)
      for (auto id : c.parts)
        if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit == message_id{})
          q.homeless.push_back(id);
    std::unordered_set<message_id> listed(q.homeless.begin(), q.homeless.end());
    for (auto& [id, m] : q.messages)
      if (m.unit == message_id{} && !listed.contains(id))
        own(q, id, id);
    keeps_rows_ = keeps_rows;
    if (!q.gone_units.empty())
      note_change(q);
    change nobody_has_heard_of_it;
    end_step(q, nobody_has_heard_of_it);
  }
}

/// False: all that it lists is settled.
bool replica::restore_compound(queue& q, stored_unit& row, time_point now) {
  std::erase_if(row.parts, [&](message_id id) { return is_settled(q, id); });
  if (row.parts.empty())
    return false;
  auto& c = q.compounds[row.unit];
  c.so_far = progress::from(row.state, now);
  c.so_far.place = c.so_far.came_at = row.place;
  c.has_row = true;
  c.open_until = now + row.window.value_or(duration::zero());
  if (row.window) {
    c.parts = std::move(row.parts);
    for (auto id : c.parts)
      if (auto m = q.messages.find(id); m != q.messages.end() && m->second.unit == message_id{})
        own(q, id, row.unit);
    return true;
  }
  change nobody_has_heard_of_it;
  close(q, row.unit, row.parts, nobody_has_heard_of_it);
  return true;
}

} // namespace lmq
