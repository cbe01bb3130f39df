#include "core/id_set.hpp"

#include <algorithm>
#include <iterator>

namespace lmq {

namespace {

/// The interval that begins at `counter` or before it, the last of those; the end if there is none.
template <class Intervals>
auto reaching_back(Intervals& all, std::uint64_t counter) {
  auto it = all.upper_bound(counter);
  return it == all.begin() ? all.end() : std::prev(it);
}

} // namespace

bool id_set::contains(message_id id) const noexcept {
  auto of = ids_.find(id.incarnation);
  if (of == ids_.end())
    return false;
  auto it = reaching_back(of->second, id.counter);
  return it != of->second.end() && id.counter <= it->second;
}

bool id_set::add(message_id id) {
  auto& all = ids_[id.incarnation];
  auto it = reaching_back(all, id.counter);
  if (it != all.end() && id.counter <= it->second)
    return false;
  add(all, it, {id.counter, id.counter});
  return true;
}

void id_set::add(std::uint64_t incarnation, interval ids) {
  auto& all = ids_[incarnation];
  add(all, reaching_back(all, ids.first), ids);
}

/// @param it  the last interval that begins where `ids` do, or before
void id_set::add(intervals_of_one& all, intervals_of_one::iterator it, interval ids) {
  if (it != all.end() && (it->second >= ids.first || it->second + 1 == ids.first))
    it->second = std::max(it->second, ids.last);
  else
    it = all.emplace(ids.first, ids.last).first;
  // What it has grown into is a part of it now.
  for (auto next = std::next(it);
       next != all.end() && (next->first <= it->second || next->first == it->second + 1);
       next = all.erase(next))
    it->second = std::max(it->second, next->second);
}

void id_set::remove(message_id id) {
  auto of = ids_.find(id.incarnation);
  if (of == ids_.end())
    return;
  auto& all = of->second;
  auto it = reaching_back(all, id.counter);
  if (it == all.end() || it->second < id.counter)
    return;
  auto last = it->second;
  if (it->first == id.counter)
    all.erase(it);
  else
    it->second = id.counter - 1;
  if (id.counter < last)
    all.emplace(id.counter + 1, last);
  if (all.empty())
    ids_.erase(of);
}

void id_set::unite(const id_set& other) {
  for (const auto& [incarnation, theirs] : other.ids_)
    for (auto [first, last] : theirs)
      add(incarnation, {first, last});
}

std::size_t id_set::intervals() const noexcept {
  std::size_t n = 0;
  for (const auto& [incarnation, all] : ids_)
    n += all.size();
  return n;
}

std::vector<id_set::interval> id_set::of(std::uint64_t incarnation) const {
  std::vector<interval> out;
  if (auto of = ids_.find(incarnation); of != ids_.end())
    for (auto [first, last] : of->second)
      out.push_back({first, last});
  return out;
}

std::map<std::uint64_t, std::vector<id_set::interval>> id_set::by_incarnation() const {
  std::map<std::uint64_t, std::vector<interval>> out;
  for (const auto& [incarnation, all] : ids_)
    for (auto [first, last] : all)
      out[incarnation].push_back({first, last});
  return out;
}

} // namespace lmq
