// What a queue machine does more where it records facts: it tells what it decides, and knows every message by
// its id.
#include "actors/queue/queue_machine.hpp"

#include "core/fault_point.hpp"

namespace lmq {

/// A push whose put is told; nothing for a message that is here already.
result<push_outcome> queue_machine::push_recorded(message_id id, message&& pushed, time_point now,
                                                  effects& out) {
  if (known_.contains(id))
    return push_outcome::stored;
  if (auto room = check_room(pushed, out); !room)
    return tl::unexpected(std::move(room.error()));
  facts::put put{id, pushed, properties_.retry, std::nullopt};
  auto window_name = fresh_name(id);
  bool opens = false;
  if (window_) {
    const auto& [end, window] = **window_;
    put.retries_left = window.retries_left;
    put.window = window_place{window.id, end.at - now};
  } else if (properties_.accum > milliseconds::zero()) {
    opens = true;
    put.window = window_place{window_name, properties_.accum};
  }
  LMQ_FAULT_POINT("queue.record_put");
  out.emplace_back(record{std::move(put)});
  try {
    auto& by_id = known_[id];
    auto* by_name = opens ? &known_[window_name] : nullptr;
    LMQ_FAULT_POINT("queue.known");
    auto [outcome, where] = take_in(id, std::move(pushed), window_name, now);
    by_id = where;
    if (by_name != nullptr)
      *by_name = where;
    return outcome;
  } catch (...) {
    known_.erase(id);
    if (opens)
      known_.erase(window_name);
    out.pop_back();
    throw;
  }
}

facts::settled queue_machine::settled(const entry& e, facts::settled::cause why) {
  LMQ_FAULT_POINT("queue.record_settled");
  facts::settled all{{}, why};
  if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content)) {
    all.ids.reserve((*parts)->size());
    for (const auto& p : **parts)
      all.ids.push_back(p.id);
  } else {
    all.ids.push_back(e.id);
  }
  return all;
}

facts::closed queue_machine::closed(const entry& e) {
  LMQ_FAULT_POINT("queue.record_closed");
  const auto& parts = *std::get<std::shared_ptr<const compound>>(e.content);
  facts::closed all{e.id, e.retries_left, {}};
  all.parts.reserve(parts.size());
  for (const auto& p : parts)
    all.parts.push_back(p.id);
  return all;
}

/// The unit of a delivery that somebody else began, and could not tell us of; null: it is none.
queue_machine::unit* queue_machine::unheard_of(lease_id lease) const {
  auto* u = unit_of(lease.message);
  if (u == nullptr || u->second.is == state::accumulating || leaves(u->second))
    return nullptr;
  // A number that no home can have come to is made up.
  bool possible = lease.delivery <= property_limits::retry_max + 1;
  return possible && lease.delivery > u->second.deliveries ? u : nullptr;
}

/// Null: no unit is known by this name, though a part of one may be.
queue_machine::unit* queue_machine::unit_of(message_id name) const {
  auto it = known_.find(name);
  return it != known_.end() && it->second->second.id == name ? it->second : nullptr;
}

bool queue_machine::is_leaving(message_id which) const {
  auto* u = unit_of(which);
  return u != nullptr && leaves(u->second);
}

/// For a compound that begins with this message.
message_id queue_machine::fresh_name(message_id first) const {
  auto tag = role_.home;
  auto name = compound_id(first, tag);
  // Taken only if a message was settled, and its window lived on, and it is here again.
  while (known_.contains(name)) {
    tag = home_tag{static_cast<std::uint32_t>(tag) + 1};
    name = compound_id(first, tag);
  }
  return name;
}

/// Throws: nothing has changed.
void queue_machine::remember(unit& u) {
  try {
    for_each_name(u.second, [&](message_id name) {
      LMQ_FAULT_POINT("queue.remember");
      known_.try_emplace(name, &u);
    });
  } catch (...) {
    forget_names(u);
    throw;
  }
}

void queue_machine::forget_names(const unit& u) noexcept {
  for_each_name(u.second, [&](message_id name) {
    if (auto it = known_.find(name); it != known_.end() && it->second == &u)
      known_.erase(it);
  });
  if (known_.empty() && known_.bucket_count() > idle_buckets_max)
    known_ = {};
}

} // namespace lmq
