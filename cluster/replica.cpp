// Facts, messages, and how far their deliveries have come.
#include "cluster/replica.hpp"

#include "cluster/planted.hpp"
#include "core/mix.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

std::uint64_t mix(std::uint64_t seed, message_id id) {
  return mix_bits(mix_bits(seed ^ id.incarnation) + id.counter * mix_step);
}

std::uint64_t sum_of_unit(message_id unit, const progress& p, unsigned of) {
  auto seed = mix_bits(std::uint64_t{p.deliveries} << 32 | p.retries_left);
  auto flags = (p.exhausted ? 1U : 0U) | (p.leased ? 2U : 0U) | of;
  return mix(seed + flags + (p.deliveries > 0 ? std::uint64_t(p.home) << 8 : 0), unit);
}

} // namespace

// -- queues and their sums ---------------------------------------------------------------------------------------------

replica::queue& replica::at(std::string_view name) {
  auto it = queues_.find(name);
  if (it == queues_.end())
    it = queues_.emplace(std::string{name}, queue{}).first;
  it->second.name = &it->first;
  return it->second;
}

replica::queue* replica::find(std::string_view name) {
  auto it = queues_.find(name);
  return it == queues_.end() ? nullptr : &it->second;
}

const replica::queue* replica::find(std::string_view name) const {
  auto it = queues_.find(name);
  return it == queues_.end() ? nullptr : &it->second;
}

/// Takes a unit out of the queue's sums, or into them.
void replica::count(queue& q, message_id unit, bool in) {
  if (auto c = q.compounds.find(unit); c != q.compounds.end()) {
    if (in)
      unit_changed(q, unit);
    const auto& parts = c->second;
    if (parts.owned == 0 && (parts.open_until || parts.held == 0))
      return;
    add_sum(q, unit, parts.so_far,
            parts.open_until  ? kind::open
            : parts.owned > 0 ? kind::whole
                              : kind::ghost,
            in);
  } else if (auto m = q.messages.find(unit); m != q.messages.end() && m->second.unit == unit) {
    count_alone(q, unit, m->second.so_far, in);
  } else if (in) {
    unit_changed(q, unit);
  }
}

/// As `count`, of a message that is delivered alone.
void replica::count_alone(queue& q, message_id unit, const progress& p, bool in) {
  if (in)
    unit_changed(q, unit);
  add_sum(q, unit, p, kind::message, in);
}

void replica::add_sum(queue& q, message_id unit, const progress& p, kind of, bool in) {
  auto sum = sum_of_unit(unit, p, static_cast<unsigned>(of));
  q.digest += in ? sum : -sum;
  if (of == kind::ghost)
    return;
  std::size_t ready = !p.leased && of != kind::open ? 1 : 0;
  q.units += in ? 1 : -std::size_t{1};
  q.ready += in ? ready : -ready;
}

progress* replica::find_progress(queue& q, message_id unit) {
  if (auto c = q.compounds.find(unit); c != q.compounds.end())
    return &c->second.so_far;
  if (auto m = q.messages.find(unit); m != q.messages.end() && m->second.unit == unit)
    return &m->second.so_far;
  return nullptr;
}

// -- facts -------------------------------------------------------------------------------------------------------------

void replica::apply(std::string_view name, const std::vector<fact>& facts, time_point now, change& out) {
  struct applier {
    replica& self;
    std::string_view name;
    time_point now;
    change& out;
    queue* q = self.find(name); ///< null: nothing is known of it yet

    bool operator()(const facts::put& x) {
      if (!self.learn(x.id) && !(is_planted(planted_bug::put_without_context) && !self.holds(name, x.id)))
        return false;
      if (q == nullptr)
        q = &self.at(name);
      self.put(*q, x, now, out);
      return true;
    }
    bool operator()(const facts::closed& x) const {
      unit_record record{x.unit, {0, x.retries_left, false, {}, {}}, true, {}, {}, x.parts};
      if (q == nullptr || !self.list(*q, record, now, out))
        return false;
      // Somebody does without what other lists wait for; see without_missing.
      if (is_alone(x.unit, x.parts))
        for (auto other : self.rivals(*q, x.unit))
          self.inherit(*q, x.unit, other, out);
      return true;
    }
    bool operator()(const facts::leased& x) const {
      auto* p = q == nullptr ? nullptr : find_progress(*q, x.unit);
      if (p == nullptr)
        return false;
      auto theirs = *p;
      theirs.deliveries = x.delivery;
      theirs.home = x.home;
      theirs.leased = true;
      theirs.lease_end = now + x.lease;
      return self.advance(*q, x.unit, theirs, out);
    }
    bool operator()(const facts::ended& x) const { return q != nullptr && self.end(*q, x, out); }
    bool operator()(const facts::settled& x) const {
      bool any = false;
      for (auto id : x.ids)
        any |= self.settle(q, id, out);
      return any;
    }
  };
  applier apply_one{*this, name, now, out};
  for (const auto& f : facts)
    out.any |= std::visit(apply_one, f);
  if (apply_one.q != nullptr)
    end_step(*apply_one.q, out);
}

/// Of a message that was not in the context, and is now.
void replica::put(queue& q, const facts::put& x, time_point now, change& out) {
  progress fresh;
  fresh.retries_left = x.retries_left;
  auto& m = arrive(q, x.id, x.content, fresh);
  if (!x.window) {
    m.so_far.place = next_place_++;
    own(q, x.id, m, x.id);
    out.appeared.push_back(x.id);
    return;
  }
  auto unit = x.window->unit;
  if (is_closed(q, unit) || q.claims.contains(x.id)) {
    q.homeless.push_back(x.id); // a list names it, or its window has ended without it
    return;
  }
  auto [c, is_new] = q.compounds.try_emplace(unit);
  if (is_new) {
    c->second.so_far = fresh;
    c->second.open_until = now + x.window->left;
  }
  auto& parts = c->second.parts;
  if (parts.size() == c->second.owned || std::find(parts.begin(), parts.end(), x.id) == parts.end())
    parts.push_back(x.id);
  own(q, x.id, m, unit);
  out.appeared.push_back(unit);
}

/// A message that was never here. Lists that name it may have waited for it.
replica::held& replica::arrive(queue& q, message_id id, message content, const progress& begins_with) {
  auto [it, is_new] = q.messages.try_emplace(id, held{std::move(content), {}, begins_with});
  if (is_new) {
    body_bytes_ += memory_bytes(it->second.content);
    ++messages_;
  }
  auto [first, last] = q.claims.equal_range(id);
  for (auto claim = first; is_new && claim != last; ++claim) {
    count(q, claim->second, false);
    ++q.compounds.at(claim->second).held;
    count(q, claim->second, true);
    q.disputed.push_back(claim->second);
  }
  return it->second;
}

/// The message is gone for good, whether or not it was ever here.
bool replica::settle(queue* q, message_id id, change& out) {
  bool is_new = learn(id);
  if (q == nullptr)
    return is_new;
  auto m = q->messages.find(id);
  bool was_here = m != q->messages.end();
  if (was_here) {
    own(*q, id, {});
    message_gone(*q, id, m->second);
    body_bytes_ -= memory_bytes(m->second.content);
    --messages_;
    q->messages.erase(id);
    out.settled.push_back(id);
  }
  auto [first, last] = q->claims.equal_range(id);
  std::vector<message_id> lists;
  for (auto claim = first; claim != last; ++claim)
    lists.push_back(claim->second);
  q->claims.erase(first, last);
  for (auto unit : lists) {
    if (was_here) {
      count(*q, unit, false);
      --q->compounds.at(unit).held;
      count(*q, unit, true);
    }
    drop_if_empty(*q, unit);
    if (lists.size() > 1) // otherwise it was in nobody else's way
      q->disputed.push_back(unit);
  }
  return is_new || was_here;
}

bool replica::end(queue& q, const facts::ended& x, change& out) {
  auto* p = find_progress(q, x.unit);
  if (p == nullptr)
    return false;
  auto theirs = *p;
  theirs.deliveries = x.delivery;
  theirs.home = x.home;
  theirs.retries_left = x.retries_left;
  theirs.exhausted = x.exhausted;
  theirs.leased = false;
  theirs.place = x.in_place && p->came_at != 0 ? p->came_at : next_place_++;
  return advance(q, x.unit, theirs, out);
}

/// Takes the other progress over if it has come further. Of retries, the fewer count in any case.
bool replica::advance(queue& q, message_id unit, const progress& theirs, change& out) {
  auto* p = find_progress(q, unit);
  if (p == nullptr)
    return false;
  auto next = *p;
  if (theirs.is_further_than(*p)) {
    if (p->leased && p->home != theirs.home)
      remember_outdone(q, unit, *p);
    next = theirs;
    next.came_at = p->came_at;
    if (next.leased && !p->leased)
      next.came_at = p->place;
    else if (!next.leased && next.place == 0)
      next.place = p->leased || p->place == 0 ? next_place_++ : p->place;
  } else if (p->is_further_than(theirs)) {
    if (theirs.leased && p->home != theirs.home)
      remember_outdone(q, unit, theirs);
  } else {
    if (next.leased)
      next.lease_end = theirs.lease_end; // the lease's clock was restarted
    next.exhausted |= theirs.exhausted;
  }
  next.retries_left = std::min(p->retries_left, theirs.retries_left);
  bool differs = !next.is_same_delivery(*p) || next.leased != p->leased ||
                 next.retries_left != p->retries_left || next.exhausted != p->exhausted;
  if (differs || next.lease_end != p->lease_end) {
    count(q, unit, false);
    *p = next;
    count(q, unit, true);
    out.appeared.push_back(unit);
    if (differs && !q.claims.empty() && is_closed(q, unit))
      q.disputed.push_back(unit);
  }
  return differs;
}

void replica::remember_outdone(queue& q, message_id unit, const progress& p) {
  auto& end = q.outdone[{unit, p.deliveries, p.home}];
  end = std::max(end, p.lease_end);
  if (q.outdone.size() > outdone_max)
    q.outdone.erase(std::min_element(q.outdone.begin(), q.outdone.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; }));
}

} // namespace lmq
