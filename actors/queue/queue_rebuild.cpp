// What is left of a queue machine whose invariants do not hold any more: the messages, put where each says
// that it belongs.
#include "actors/queue/queue_machine.hpp"

#include <algorithm>

namespace lmq {

std::vector<waiter_id> queue_machine::rebuild() {
  // First what may fail. From then on nothing does: no message is ever outside an index for good.
  std::vector<waiter_id> forgotten;
  forgotten.reserve(waiters_.size());
  for (const auto& [who, unused] : waiters_)
    forgotten.push_back(who);
  decltype(leases_) leases;
  for (const auto* from : {&ready_, &pending_, &leaving_})
    for (const auto& [where, e] : *from)
      if (e.is == state::leased)
        leases.emplace(e.id, pending_.end());
  decltype(known_) known;
  if (role_.records)
    for (auto* from : {&ready_, &pending_, &leaving_})
      for (auto& u : *from)
        for_each_name(u.second, [&](message_id name) { known.try_emplace(name, &u); });

  index found;
  for (auto* from : {&ready_, &pending_, &leaving_})
    while (!from->empty()) {
      auto node = from->extract(from->begin());
      while (found.contains(node.key()))
        ++node.key().sequence;
      found.insert(std::move(node));
    }
  recount at_end{*this};
  forget_waiters();
  leases_ = std::move(leases);
  known_ = std::move(known);
  window_.reset();
  leased_count_ = content_bytes_ = away_bytes_ = 0;
  offered_ = offered::unwatched;
  next_sequence_ = 1;
  while (!found.empty())
    readmit(found.extract(found.begin()));
  if (!window_)
    window_parts_.reset();
  std::erase_if(moving_, [&](const auto& m) {
    auto it = leaving_.find(m.second);
    return it == leaving_.end() || it->second.id != m.first;
  });
  call_off();
  return forgotten;
}

/// Puts a message into the index that it says it belongs to.
void queue_machine::readmit(index::node_type node) {
  auto& e = node.mapped();
  count_in(e.content);
  next_sequence_ = std::max(next_sequence_, node.key().sequence + 1);
  if (e.is == state::leased && leases_.find(e.id)->second != pending_.end())
    e.is = state::ready; // its lease belongs to another record of the same message
  const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content);
  bool open = !window_ && parts != nullptr && *parts == window_parts_;
  if (e.is == state::accumulating && !open && (!role_.records || parts == nullptr))
    e.is = state::ready; // nothing can join it any more
  switch (e.is) {
  case state::leased:
    ++leased_count_;
    leases_.find(e.id)->second = pending_.insert(std::move(node)).position;
    break;
  case state::accumulating: {
    auto it = pending_.insert(std::move(node)).position;
    if (open)
      window_ = it;
    break;
  }
  case state::dead:
  case state::redriven:
    if (auto moving = moving_.find(e.id); moving != moving_.end())
      moving->second = node.key();
    leaving_.insert(std::move(node));
    break;
  case state::ready:
    e.ready_since = node.key().at;
    e.exhausted = e.exhausted && e.retries_left == 0 && e.deliveries > 0;
    ready_.insert(std::move(node));
    break;
  }
}

} // namespace lmq
