#include "actors/queue/queue_machine.hpp"

#include <algorithm>

namespace lmq {

namespace {

/// A message's share of the indexes: its node, and the heads that the allocator and a map put around it.
constexpr std::size_t node_bytes = 160;

/// Buckets that an empty table may keep; what a burst made it grow beyond that is given back.
constexpr std::size_t idle_buckets_max = 1024;

std::size_t content_bytes(const parcel& content) {
  if (const auto* single = std::get_if<message>(&content))
    return node_bytes + memory_bytes(*single);
  std::size_t bytes = node_bytes;
  for (const auto& p : *std::get<std::shared_ptr<const compound>>(content))
    bytes += sizeof(part) + memory_bytes(p.content);
  return bytes;
}

} // namespace

// -- producers

push_outcome queue_machine::push(message_id id, message pushed, time_point now, effects& out) {
  tick(now, out);
  if (window_) {
    content_bytes_ += sizeof(part) + memory_bytes(pushed);
    window_parts_->push_back({id, std::move(pushed)});
    return push_outcome::joined;
  }
  entry e;
  e.id = id;
  e.retries_left = properties_.retry;
  if (properties_.accum > milliseconds::zero()) {
    window_parts_ = std::make_shared<compound>();
    window_parts_->push_back({id, std::move(pushed)});
    e.content = std::shared_ptr<const compound>{window_parts_};
    e.is = state::accumulating;
    content_bytes_ += content_bytes(e.content);
    window_ = pending_.emplace(place{now + properties_.accum, next_sequence_++}, std::move(e)).first;
    return push_outcome::opened;
  }
  e.content = std::move(pushed);
  e.ready_since = now;
  content_bytes_ += content_bytes(e.content);
  ready_.emplace_hint(ready_.end(), place{now, next_sequence_++}, std::move(e));
  serve(now, out);
  return push_outcome::stored;
}

// -- consumers

void queue_machine::pull(waiter_id who, std::optional<time_point> deadline, time_point now, effects& out) {
  tick(now, out);
  waiters_.emplace(who, waiter{deadline});
  if (deadline)
    waiter_deadlines_.emplace(*deadline, who);
  serve(now, out);
  expire_waiters(now, out);
}

void queue_machine::cancel(waiter_id who, time_point now, effects& out) {
  tick(now, out);
  if (auto it = waiters_.find(who); it != waiters_.end()) {
    forget_waiter(it);
    out.emplace_back(answer_empty{who});
  }
}

result<void> queue_machine::ack(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  return held(lease).map([&](index::iterator it) {
    leases_.erase(it->second.id);
    remove(pending_, it);
  });
}

result<void> queue_machine::nack(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  return held(lease).map([&](index::iterator it) {
    end_lease(it, {now, next_sequence_++});
    serve(now, out);
  });
}

result<void> queue_machine::extend(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  return held(lease).map([&](index::iterator it) {
    auto node = pending_.extract(it);
    auto id = node.mapped().id;
    node.key() = {now + properties_.timeout, next_sequence_++};
    leases_[id] = pending_.insert(std::move(node)).position;
    tick(now, out); // with a timeout of 0 it has run out already
  });
}

void queue_machine::give_back(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  if (auto it = held(lease)) {
    const auto& e = (*it)->second;
    leases_.erase(e.id);
    make_ready(*it, {e.ready_since, e.arrival});
    serve(now, out);
  }
}

// -- pulls over many queues

bool queue_machine::watch(time_point now, effects& out) {
  offered_ = offered::unwatched; // an offer to whoever watched before is void
  tick(now, out);
  serve(now, out);
  discard_exhausted(out);
  offered_ = ready_.empty() ? offered::none : offered::kept;
  expire_waiters(now, out);
  return !ready_.empty();
}

void queue_machine::take(waiter_id who, time_point now, effects& out) {
  expire_messages(now);
  offered_ = offered::none;
  bool got = deliver_first(who, now, out);
  effect answered = got ? std::move(out.back()) : answer_empty{who};
  if (got)
    out.pop_back();
  tick(now, out);
  // Last: it closes the take, and what else is ready has been offered by then.
  out.push_back(std::move(answered));
}

void queue_machine::yield(time_point now, effects& out) {
  if (offered_ == offered::asked) {
    expire_messages(now);
    offered_ = offered::none;
    if (!waiters_.empty() && deliver_first(waiters_.begin()->first, now, out))
      forget_waiter(waiters_.begin());
  }
  tick(now, out);
}

void queue_machine::keep(time_point now, effects& out) {
  if (offered_ == offered::asked)
    offered_ = offered::kept;
  tick(now, out);
}

// -- life

void queue_machine::configure(properties in_force, time_point now, effects& out) {
  tick(now, out);
  properties_ = std::move(in_force);
}

void queue_machine::close(effects& out) {
  for (const auto& [who, unused] : waiters_)
    out.emplace_back(answer_empty{who});
  waiters_.clear();
  waiter_deadlines_.clear();
  leases_.clear();
  window_.reset();
  window_parts_.reset();
  ready_.clear();
  pending_.clear();
  leased_count_ = 0;
  content_bytes_ = 0;
}

void queue_machine::tick(time_point now, effects& out) {
  // A lease of 0 s runs out as it is handed out: go on until nothing is due. Each turn answers a waiter, so
  // it ends.
  do {
    expire_messages(now);
    serve(now, out);
  } while (!pending_.empty() && pending_.begin()->first.at <= now);
  expire_waiters(now, out);
}

std::optional<time_point> queue_machine::next_deadline() const noexcept {
  std::optional<time_point> first;
  if (!pending_.empty())
    first = pending_.begin()->first.at;
  if (!waiter_deadlines_.empty() && !waiters_held())
    first = first ? std::min(*first, waiter_deadlines_.begin()->first) : waiter_deadlines_.begin()->first;
  return first;
}

queue_sizes queue_machine::sizes() const noexcept {
  queue_sizes s;
  s.ready = ready_.size();
  s.leased = leased_count_;
  s.accumulating = window_ ? 1 : 0;
  s.waiters = waiters_.size();
  s.memory_bytes = content_bytes_;
  return s;
}

// -- steps

result<queue_machine::index::iterator> queue_machine::held(lease_id lease) {
  auto it = leases_.find(lease.message);
  if (it == leases_.end() || it->second->second.deliveries != lease.delivery)
    return refuse(reason::no_such_lease,
                  "this lease is unknown, settled or expired; pull again for a new one");
  return it->second;
}

/// Moves a node into the ready index.
void queue_machine::make_ready(index::iterator pending, place where) {
  auto node = pending_.extract(pending);
  auto& e = node.mapped();
  if (e.is == state::leased)
    --leased_count_;
  e.is = state::ready;
  e.ready_since = where.at;
  node.key() = where;
  ready_.insert(ready_.end(), std::move(node));
}

/// A delivery ended without an ack: spends a retry.
void queue_machine::end_lease(index::iterator leased, place where) {
  auto& e = leased->second;
  if (e.retries_left == 0)
    e.exhausted = true;
  else
    --e.retries_left;
  leases_.erase(e.id);
  make_ready(leased, where);
}

void queue_machine::close_window() {
  auto end = (*window_)->first;
  window_parts_->shrink_to_fit();
  make_ready(*window_, end);
  window_.reset();
  window_parts_.reset();
}

void queue_machine::expire_messages(time_point now) {
  while (!pending_.empty() && pending_.begin()->first.at <= now) {
    auto it = pending_.begin();
    switch (it->second.is) {
    case state::accumulating: close_window(); break;
    case state::leased: end_lease(it, it->first); break;
    case state::ready: break; // never in this index: queue_invariants.hpp
    }
  }
}

void queue_machine::expire_waiters(time_point now, effects& out) {
  if (waiters_held())
    return; // a message is ready and may yet be theirs: the answer to the offer is on its way
  while (!waiter_deadlines_.empty() && waiter_deadlines_.begin()->first <= now) {
    auto who = waiter_deadlines_.begin()->second;
    forget_waiter(waiters_.find(who));
    out.emplace_back(answer_empty{who});
  }
}

/// Brings ready messages and waiters together, as far as the conversation with pull_any allows.
void queue_machine::serve(time_point now, effects& out) {
  while (!ready_.empty()) {
    switch (offered_) {
    case offered::asked: return;
    case offered::none:
      discard_exhausted(out);
      if (ready_.empty())
        return;
      offered_ = offered::asked;
      out.emplace_back(offer{waiters_.empty() ? std::nullopt : std::optional{waiters_.begin()->first}});
      return;
    case offered::unwatched:
    case offered::kept:
      if (waiters_.empty() || !deliver_first(waiters_.begin()->first, now, out))
        return;
      forget_waiter(waiters_.begin());
      break;
    }
  }
}

/// Leases the message first in line to `to`. False: there is none.
bool queue_machine::deliver_first(waiter_id to, time_point now, effects& out) {
  discard_exhausted(out);
  if (ready_.empty())
    return false;
  auto node = ready_.extract(ready_.begin());
  auto& e = node.mapped();
  e.is = state::leased;
  e.arrival = node.key().sequence;
  ++e.deliveries;
  out.emplace_back(deliver{to, {{e.id, e.deliveries}, e.content, e.retries_left, now - e.ready_since}});
  node.key() = {now + properties_.timeout, next_sequence_++};
  auto id = e.id;
  leases_.emplace(id, pending_.insert(pending_.end(), std::move(node)));
  ++leased_count_;
  return true;
}

void queue_machine::discard_exhausted(effects& out) {
  while (!ready_.empty() && ready_.begin()->second.exhausted) {
    out.emplace_back(discard{ready_.begin()->second.id});
    remove(ready_, ready_.begin());
  }
}

void queue_machine::forget_waiter(std::map<waiter_id, waiter>::iterator it) {
  if (it->second.deadline)
    waiter_deadlines_.erase({*it->second.deadline, it->first});
  waiters_.erase(it);
}

/// Ends a message for good.
void queue_machine::remove(index& from, index::iterator it) {
  content_bytes_ -= content_bytes(it->second.content);
  if (it->second.is == state::leased)
    --leased_count_;
  from.erase(it);
  if (leases_.empty() && leases_.bucket_count() > idle_buckets_max)
    leases_ = {};
}

} // namespace lmq
