// How a queue machine takes in what others held, and lets go of what it holds: where a queue's home changes,
// or two copies of a queue become one.
#include "actors/queue/queue_machine.hpp"

#include "core/fault_point.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace lmq {

namespace {

using parts_ptr = std::shared_ptr<const compound>;

/// The parts of a compound; a message by itself is its own only part.
parts_ptr parts_of(const held_unit& what) {
  if (const auto* parts = std::get_if<parts_ptr>(&what.content))
    return *parts;
  return std::make_shared<const compound>(compound{{what.unit, std::get<message>(what.content)}});
}

/// Those that the test is true of; null if it is of none, the same list if it is of all.
template <class Test>
parts_ptr only(const parts_ptr& parts, Test test) {
  auto n = std::count_if(parts->begin(), parts->end(), test);
  if (n == 0)
    return nullptr;
  if (static_cast<std::size_t>(n) == parts->size())
    return parts;
  auto some = std::make_shared<compound>();
  some->reserve(static_cast<std::size_t>(n));
  std::copy_if(parts->begin(), parts->end(), std::back_inserter(*some), test);
  return some;
}

} // namespace

void queue_machine::adopt(const held_unit& what, time_point now, effects&) {
  LMQ_FAULT_POINT("queue.adopt");
  recount at_end{*this};
  if (auto* here = unit_of(what.unit))
    return merge(*here, what, now);
  auto here = [this](const part& p) { return known_.contains(p.id); };
  if (what.window) {
    auto parts = parts_of(what);
    if (parts->empty())
      return;
    auto first = parts->front().id;
    if (auto* mine = unit_of(compound_id(first, role_.home)))
      return merge(*mine, what, now);
    if (parts = only(parts, std::not_fn(here)); parts)
      adopt_window(fresh_name(first), std::move(parts), what.state.retries_left, now + *what.window);
    return;
  }
  entry e;
  e.id = what.unit;
  if (const auto* parts = std::get_if<parts_ptr>(&what.content)) {
    auto missing = only(*parts, std::not_fn(here));
    if (!missing)
      return;
    e.content = std::move(missing);
  } else {
    if (known_.contains(what.unit))
      return; // it is a part of a compound here
    e.content = what.content;
  }
  const auto& s = what.state;
  e.ready_since = now;
  e.deliveries = s.deliveries;
  e.retries_left = s.retries_left;
  e.home = s.home;
  place where{now, next_sequence_++};
  if (s.lease && s.deliveries > 0) {
    e.is = state::leased;
    e.arrival = where.sequence;
    where.at += *s.lease;
  } else {
    e.exhausted = s.exhausted && s.deliveries > 0 && s.retries_left == 0;
    if (e.exhausted && has_dead_letter_queue())
      e.is = state::dead;
  }
  admit(std::move(e), where);
}

void queue_machine::adopt_window(message_id name, parts_ptr parts, std::uint32_t retries_left,
                                 time_point end) {
  entry e;
  e.id = name;
  e.content = std::move(parts);
  e.retries_left = retries_left;
  e.is = state::accumulating;
  admit(std::move(e), {end, next_sequence_++});
}

/// Throws: nothing has changed.
void queue_machine::admit(entry e, place where) {
  index fresh;
  LMQ_FAULT_POINT("queue.admit");
  auto& u = *fresh.emplace(where, std::move(e)).first;
  remember(u);
  auto lease = leases_.end();
  if (u.second.is == state::leased)
    try {
      LMQ_FAULT_POINT("queue.admit_lease");
      lease = leases_.try_emplace(u.second.id, pending_.end()).first;
    } catch (...) {
      forget_names(u);
      throw;
    }
  // From here on nothing fails.
  count_in(u.second.content);
  auto it = index_of(u.second).insert(fresh.extract(fresh.begin())).position;
  if (lease != leases_.end()) {
    lease->second = it;
    ++leased_count_;
  }
}

// -- a unit that is held here and elsewhere

/// Parts, then state: each is whole or not done, and done when it is done again.
void queue_machine::merge(unit& here, const held_unit& from, time_point now) {
  if (std::holds_alternative<parts_ptr>(from.content))
    merge_parts(here, from, now);
  take_state(here, from.state, now);
}

void queue_machine::merge_parts(unit& here, const held_unit& from, time_point now) {
  auto missing =
    only(std::get<parts_ptr>(from.content), [this](const part& p) { return !known_.contains(p.id); });
  const auto* parts = std::get_if<parts_ptr>(&here.second.content);
  if (!missing)
    return;
  // Who has a delivery without them settles without them.
  if (parts == nullptr || here.second.deliveries > 0 || from.state.deliveries > 0)
    return adopt_window(fresh_name(missing->front().id), missing, from.state.retries_left, now);
  auto all = std::make_shared<compound>();
  all->reserve((*parts)->size() + missing->size());
  all->insert(all->end(), (*parts)->begin(), (*parts)->end());
  all->insert(all->end(), missing->begin(), missing->end());
  try {
    for (const auto& p : *missing) {
      LMQ_FAULT_POINT("queue.merge_part");
      known_.try_emplace(p.id, &here);
    }
  } catch (...) {
    for (const auto& p : *missing)
      known_.erase(p.id);
    throw;
  }
  replace_parts(here, std::move(all));
}

/// Throws: nothing has changed.
void queue_machine::take_state(unit& here, const delivery_state& from, time_point now) {
  auto& e = here.second;
  auto retries_left = std::min(e.retries_left, from.retries_left);
  if (is_further(from, here, now)) {
    auto lease = leases_.end();
    LMQ_FAULT_POINT("queue.take_state");
    if (from.lease)
      lease = leases_.try_emplace(e.id, pending_.end()).first;
    // From here on nothing fails.
    if (is_open_window(here)) {
      window_.reset();
      window_parts_.reset();
    }
    if (leaves(e)) // on its way, as far as this home knew; whoever has come further decides
      come_back(locate(here), {now, next_sequence_++});
    auto it = locate(here);
    if (!from.lease) {
      if (e.is == state::leased)
        leases_.erase(e.id);
      if (e.is != state::ready)
        make_ready(it, {now, next_sequence_++});
    } else {
      place until{now + *from.lease, next_sequence_++};
      if (e.is == state::accumulating)
        e.ready_since = now;
      if (e.is != state::leased) {
        e.arrival = e.is == state::ready ? it->first.sequence : until.sequence;
        ++leased_count_;
      }
      auto node = index_of(e).extract(it);
      e.is = state::leased;
      node.key() = until;
      lease->second = pending_.insert(std::move(node)).position;
    }
    e.deliveries = from.deliveries;
    e.home = from.home;
    e.exhausted = from.exhausted && !from.lease;
  }
  e.retries_left = retries_left;
  e.exhausted = e.exhausted && retries_left == 0;
  if (e.is == state::ready && e.exhausted && has_dead_letter_queue())
    make_leave(locate(here), state::dead, here.first);
}

/// Whether the deliveries came further there than here.
bool queue_machine::is_further(const delivery_state& from, const unit& here, time_point now) const {
  const auto& [where, e] = here;
  if (from.deliveries != e.deliveries)
    return from.deliveries > e.deliveries;
  if (from.deliveries == 0)
    return false;
  bool leased = e.is == state::leased;
  if (leased != from.lease.has_value())
    return leased;
  if (from.home != e.home)
    return from.home > e.home;
  return leased && where.at < now + *from.lease;
}

void queue_machine::replace_parts(unit& of, std::shared_ptr<compound> parts) {
  auto& e = of.second;
  count_out(e.content);
  if (is_open_window(of))
    window_parts_ = parts;
  e.content = parts_ptr{std::move(parts)};
  count_in(e.content);
}

// -- letting go

void queue_machine::forget(const facts::settled& what, time_point, effects&) {
  LMQ_FAULT_POINT("queue.forget");
  bool purged = what.why == facts::settled::cause::purge;
  recount at_end{*this, purged ? &queue_counts::deleted : &queue_counts::settled_elsewhere};
  // First what may fail: what is left of each compound.
  auto gone = what.ids;
  std::sort(gone.begin(), gone.end());
  auto is_gone = [&](const part& p) { return std::binary_search(gone.begin(), gone.end(), p.id); };
  std::vector<unit*> compounds;
  for (auto id : gone)
    if (auto it = known_.find(id); it != known_.end() && it->second->second.id != id)
      compounds.push_back(it->second);
  std::sort(compounds.begin(), compounds.end(), std::less<>{});
  compounds.erase(std::unique(compounds.begin(), compounds.end()), compounds.end());
  std::vector<std::shared_ptr<compound>> rests;
  for (const auto* u : compounds) {
    LMQ_FAULT_POINT("queue.forget_part");
    rests.push_back(std::make_shared<compound>());
    const auto& parts = *std::get<parts_ptr>(u->second.content);
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(*rests.back()), std::not_fn(is_gone));
  }
  // From here on nothing fails.
  for (std::size_t i = 0; i < compounds.size(); ++i) {
    auto& u = *compounds[i];
    if (rests[i]->empty()) {
      if (is_open_window(u)) {
        window_.reset();
        window_parts_.reset();
      }
      remove(locate(u));
      continue;
    }
    for (const auto& p : *std::get<parts_ptr>(u.second.content))
      if (is_gone(p))
        known_.erase(p.id);
    replace_parts(u, std::move(rests[i]));
  }
  for (auto id : gone)
    if (auto* u = unit_of(id); u != nullptr && std::holds_alternative<message>(u->second.content))
      remove(locate(*u));
}

void queue_machine::put_away(const std::vector<message_id>& ids) noexcept {
  for (auto id : ids) {
    auto it = known_.find(id);
    if (it == known_.end())
      continue;
    auto& e = it->second->second;
    auto* single = std::get_if<message>(&e.content);
    if (single == nullptr || single->away)
      continue;
    count_out(e.content);
    *single = lmq::put_away(*single);
    count_in(e.content);
  }
}

void queue_machine::drop() noexcept {
  counts_.handed_over += sizes().messages();
  clear();
}

queue_machine::recount::~recount() {
  auto held = of.sizes().messages(),
       counted = static_cast<std::size_t>(of.counts_.came() - of.counts_.went());
  if (held > counted)
    of.counts_.received += held - counted;
  else
    of.counts_.*went += counted - held;
}

/// Forgets all but the properties, and what was counted.
void queue_machine::clear() noexcept {
  forget_waiters();
  offered_ = offered::unwatched;
  leases_.clear();
  known_.clear();
  window_.reset();
  window_parts_.reset();
  ready_.clear();
  pending_.clear();
  leaving_.clear();
  moving_.clear();
  move_from_ = time_point::min();
  leased_count_ = 0;
  content_bytes_ = away_bytes_ = 0;
}

} // namespace lmq
