// What operators ask of a queue's messages: to look at them, to drop those that are ready, to remove one.
#include "actors/queue/queue_machine.hpp"
#include "core/fault_point.hpp"

#include <algorithm>

namespace lmq {

std::vector<standing_message> queue_machine::peek(std::size_t n, time_point now) const {
  std::vector<standing_message> first;
  first.reserve(std::min(n, ready_.size()));
  for (auto it = ready_.begin(); it != ready_.end() && first.size() < n; ++it)
    if (const auto& e = it->second; !e.exhausted)
      first.push_back({e.id, e.content, now - e.ready_since, e.deliveries, e.retries_left});
  return first;
}

queue_machine::line_end queue_machine::end_of_line(time_point now, effects& out) {
  tick(now, out);
  if (ready_.empty())
    return {};
  const auto& last = ready_.rbegin()->first;
  return {last.at, last.sequence};
}

queue_machine::purge_slice queue_machine::purge(const line_end& until, std::size_t most, time_point now,
                                                effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.purge");
  const place last{until.at, until.sequence};
  auto is_left = [&](auto it) { return it != ready_.end() && it->first <= last; };
  facts::settled all{{}, facts::settled::cause::purge};
  std::size_t messages = 0, units = 0;
  auto end = ready_.begin();
  for (; is_left(end) && messages < most; ++end, ++units) {
    const auto& e = end->second;
    const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content);
    messages += parts != nullptr ? (*parts)->size() : 1;
    if (!role_.records)
      continue;
    if (parts != nullptr)
      for (const auto& p : **parts)
        all.ids.push_back(p.id);
    else
      all.ids.push_back(e.id);
  }
  if (!all.ids.empty())
    out.emplace_back(record{std::move(all)});
  // From here on nothing fails.
  while (ready_.begin() != end)
    remove(ready_.begin());
  counts_.deleted += units;
  return {units, is_left(end)};
}

result<void> queue_machine::erase(message_id id, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.erase");
  auto it = find_unit(id);
  if (it == pending_.end())
    return refuse(reason::no_such_message,
                  "no message of this id is ready or leased here; look for its id in "
                  "GET /queues/NAME/messages");
  if (role_.records)
    out.emplace_back(record{settled(it->second, facts::settled::cause::purge)});
  remove(it);
  ++counts_.deleted;
  return {};
}

/// Where the unit of that id is, ready or leased; the end of `pending_` if it is neither.
queue_machine::index::iterator queue_machine::find_unit(message_id id) {
  if (auto lease = leases_.find(id); lease != leases_.end())
    return lease->second;
  if (role_.records) {
    auto* u = unit_of(id);
    return u != nullptr && u->second.is == state::ready ? locate(*u) : pending_.end();
  }
  auto it = std::find_if(ready_.begin(), ready_.end(), [&](const auto& u) { return u.second.id == id; });
  return it != ready_.end() ? it : pending_.end();
}

} // namespace lmq
