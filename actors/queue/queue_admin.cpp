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

std::size_t queue_machine::purge(time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.purge");
  auto n = ready_.size();
  if (n == 0)
    return 0;
  if (role_.records) {
    facts::settled all{{}, facts::settled::cause::purge};
    all.ids.reserve(n);
    for (const auto& [where, e] : ready_)
      if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content))
        for (const auto& p : **parts)
          all.ids.push_back(p.id);
      else
        all.ids.push_back(e.id);
    out.emplace_back(record{std::move(all)});
  }
  // From here on nothing fails.
  while (!ready_.empty())
    remove(ready_.begin());
  counts_.deleted += n;
  return n;
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
