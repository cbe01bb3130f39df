#include "core/id_set.hpp"

#include <algorithm>

namespace lmq {

namespace {

using interval = id_set::interval;

/// The first interval that ends at `counter` or behind it.
template <class Intervals>
auto reaching(Intervals& all, std::uint64_t counter) {
  // Ids come nearly in order: most belong to the last interval, or behind it.
  if (all.empty() || all.back().last < counter)
    return all.end();
  return std::lower_bound(all.begin(), all.end(), counter,
                          [](const interval& i, std::uint64_t c) { return i.last < c; });
}

} // namespace

bool id_set::contains(message_id id) const noexcept {
  auto of = ids_.find(id.incarnation);
  if (of == ids_.end())
    return false;
  auto it = reaching(of->second, id.counter);
  return it != of->second.end() && it->first <= id.counter;
}

bool id_set::add(message_id id) {
  if (contains(id))
    return false;
  add(id.incarnation, {id.counter, id.counter});
  return true;
}

void id_set::add(std::uint64_t incarnation, interval ids) {
  auto& all = ids_[incarnation];
  // All that overlap or touch become one.
  auto begin = reaching(all, ids.first == 0 ? 0 : ids.first - 1);
  auto end = begin;
  for (; end != all.end() && (end->first <= ids.last || end->first == ids.last + 1); ++end) {
    ids.first = std::min(ids.first, end->first);
    ids.last = std::max(ids.last, end->last);
  }
  if (begin == end) {
    all.insert(begin, ids);
  } else {
    *begin = ids;
    all.erase(begin + 1, end);
  }
}

void id_set::remove(message_id id) {
  if (!contains(id))
    return;
  auto of = ids_.find(id.incarnation);
  auto& all = of->second;
  auto it = reaching(all, id.counter);
  auto [first, last] = *it;
  if (first == last)
    all.erase(it);
  else if (id.counter == first)
    ++it->first;
  else if (id.counter == last)
    --it->last;
  else {
    it->last = id.counter - 1;
    all.insert(it + 1, {id.counter + 1, last});
  }
  if (all.empty())
    ids_.erase(of);
}

void id_set::unite(const id_set& other) {
  for (const auto& [incarnation, theirs] : other.ids_) {
    auto& ours = ids_[incarnation];
    std::vector<interval> all;
    all.reserve(ours.size() + theirs.size());
    std::merge(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(all),
               [](const interval& a, const interval& b) { return a.first < b.first; });
    std::vector<interval> joined;
    for (const auto& i : all)
      if (!joined.empty() && i.first <= joined.back().last + 1)
        joined.back().last = std::max(joined.back().last, i.last);
      else
        joined.push_back(i);
    ours = std::move(joined);
  }
}

std::size_t id_set::intervals() const noexcept {
  std::size_t n = 0;
  for (const auto& [incarnation, all] : ids_)
    n += all.size();
  return n;
}

} // namespace lmq
