#include "storage/salvaged_context.hpp"

#include "storage/bytes.hpp"
#include "storage/format.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace lmq {

namespace {

constexpr auto counter_max = std::numeric_limits<std::uint64_t>::max();
constexpr message_id id_max{counter_max, counter_max};

/// A key of a table's index may be cut: what is missing counts as zeros, which is no greater.
format::queue_and_id padded(std::string key) {
  key.resize(format::message_key(0, {}).size(), '\0');
  return *format::parse_queue_and_id(key);
}

/// What is left of the counters first..last of one incarnation.
void keep_outside(id_set& to, std::uint64_t incarnation, id_set::interval kept,
                  const std::vector<std::pair<message_id, message_id>>& lost) {
  std::vector<id_set::interval> all{kept};
  for (const auto& [first, last] : lost) {
    if (incarnation < first.incarnation || incarnation > last.incarnation)
      continue;
    auto from = incarnation == first.incarnation ? first.counter : 0;
    auto upto = incarnation == last.incarnation ? last.counter : counter_max;
    std::vector<id_set::interval> left;
    for (auto i : all) {
      if (i.last < from || i.first > upto) {
        left.push_back(i);
        continue;
      }
      if (i.first < from)
        left.push_back({i.first, from - 1});
      if (i.last > upto)
        left.push_back({upto + 1, i.last});
    }
    all = std::move(left);
  }
  for (auto i : all)
    to.add(incarnation, i);
}

} // namespace

lost_ids ids_in(const key_range& keys) {
  lost_ids lost;
  auto kind = format::key_of(format::row::message);
  auto behind = std::string(1, static_cast<char>(kind[0] + 1));
  if (keys.last < kind || keys.first >= behind)
    return lost;
  auto first = keys.first < kind ? format::queue_and_id{} : padded(keys.first);
  if (keys.last >= behind) {
    // To the last of all queues.
    lost.any = true;
    return lost;
  }
  auto last = padded(keys.last);
  if (last.queue - first.queue > 1) {
    lost.any = true;
  } else if (last.queue == first.queue) {
    lost.ranges.emplace_back(first.id, last.id);
  } else {
    lost.ranges.emplace_back(first.id, id_max);
    lost.ranges.emplace_back(message_id{}, last.id);
  }
  return lost;
}

id_set without(const id_set& context, const lost_ids& lost) {
  id_set kept;
  if (lost.any)
    return kept;
  for (const auto& [incarnation, intervals] : context.by_incarnation())
    for (auto i : intervals)
      keep_outside(kept, incarnation, i, lost.ranges);
  return kept;
}

} // namespace lmq
