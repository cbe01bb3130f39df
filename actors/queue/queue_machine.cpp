#include "actors/queue/queue_machine.hpp"

#include "core/fault_point.hpp"

#include <algorithm>

namespace lmq {

namespace {

/// Makes room for n effects more, so that adding them does not throw.
void make_room(effects& out, std::size_t n) {
  if (out.capacity() - out.size() < n)
    out.reserve(std::max(2 * out.capacity(), out.size() + n));
}

} // namespace

// -- producers

result<push_outcome> queue_machine::push(message_id id, message pushed, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.push");
  if (role_.records)
    return push_recorded(id, std::move(pushed), now, out);
  if (is_moved(id))
    return push_moved(id, std::move(pushed), now, out);
  return check_room(pushed, out).map([&] {
    return take_in(id, std::move(pushed), compound_id(id, role_.home), now).outcome;
  });
}

// -- consumers

void queue_machine::pull(waiter_id who, std::optional<time_point> deadline, time_point now, effects& out) {
  tick(now, out);
  // A deadline of nobody does no harm, a waiter without its deadline would: so this one comes first.
  if (deadline)
    waiter_deadlines_.emplace(*deadline, who);
  try {
    LMQ_FAULT_POINT("queue.pull");
    waiters_.emplace(who, waiter{deadline});
  } catch (...) {
    if (deadline)
      waiter_deadlines_.erase({*deadline, who});
    throw;
  }
}

void queue_machine::cancel(waiter_id who, time_point now, effects& out) {
  tick(now, out);
  if (auto it = waiters_.find(who); it != waiters_.end()) {
    LMQ_FAULT_POINT("queue.cancel");
    out.emplace_back(answer_empty{who});
    forget_waiter(it);
  }
}

void queue_machine::forget_waiters() noexcept {
  waiters_.clear();
  waiter_deadlines_.clear();
}

result<void> queue_machine::ack(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.ack");
  return honoured(lease).map([&](index::iterator it) {
    if (role_.records)
      out.emplace_back(record{settled(it->second, facts::settled::cause::ack)});
    remove(it);
    ++counts_.acked;
  });
}

result<void> queue_machine::nack(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.nack");
  return honoured(lease).map([&](index::iterator it) {
    prepare_end(out, 2); // an unheard of one begins and ends, or neither
    if (const auto& e = it->second; e.deliveries != lease.delivery || e.home != lease.home)
      it = lease_anew(it, lease, now + properties_.timeout, out);
    end_lease(it, {now, next_sequence_++}, out);
    ++counts_.nacked;
  });
}

result<void> queue_machine::extend(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.extend");
  return honoured(lease).map([&](index::iterator it) {
    lease_anew(it, lease, now + properties_.timeout, out);
    ++counts_.extended;
  });
}

void queue_machine::give_back(lease_id lease, time_point now, effects& out) {
  tick(now, out);
  LMQ_FAULT_POINT("queue.give_back");
  auto it = held(lease);
  if (it == pending_.end())
    return;
  const auto& e = it->second;
  if (role_.records)
    out.emplace_back(record{facts::ended{e.id, e.retries_left, e.exhausted, true, e.deliveries, e.home}});
  leases_.erase(e.id);
  make_ready(it, {e.ready_since, e.arrival});
  ++counts_.given_back;
}

// -- pulls over many queues

bool queue_machine::watch(time_point now, effects& out) {
  unwatch(now, out); // an offer to whoever watched before is void
  discard_exhausted(out);
  LMQ_FAULT_POINT("queue.watch");
  bool any = !ready_.empty() && !paused();
  offered_ = any ? offered::kept : offered::none;
  return any;
}

void queue_machine::unwatch(time_point now, effects& out) {
  offered_ = offered::unwatched;
  tick(now, out);
}

void queue_machine::take(waiter_id who, time_point now, effects& out) {
  expire_messages(now, out);
  offered_ = offered::none;
  LMQ_FAULT_POINT("queue.take");
  if (!deliver_first(who, now, out))
    out.emplace_back(answer_empty{who});
  // The answer goes last: it closes the take, and what else is ready has been offered by then. Should a fault
  // come between, it stands where it is.
  auto answered = out.size() - 1;
  tick(now, out);
  std::rotate(out.begin() + static_cast<std::ptrdiff_t>(answered),
              out.begin() + static_cast<std::ptrdiff_t>(answered) + 1, out.end());
}

void queue_machine::yield(time_point now, effects& out) {
  if (offered_ == offered::asked) {
    expire_messages(now, out);
    LMQ_FAULT_POINT("queue.yield");
    if (!waiters_.empty() && deliver_first(waiters_.begin()->first, now, out))
      forget_waiter(waiters_.begin());
    offered_ = offered::none;
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
  LMQ_FAULT_POINT("queue.configure");
  adopt(std::move(in_force));
}

void queue_machine::close(effects& out) {
  out.reserve(out.size() + waiters_.size()); // all are answered, or none is
  LMQ_FAULT_POINT("queue.close");
  for (const auto& [who, unused] : waiters_)
    out.emplace_back(answer_empty{who});
  counts_.deleted += sizes().messages();
  clear();
}

void queue_machine::tick(time_point now, effects& out) {
  // A lease of 0 s runs out as it is handed out: go on until nothing is due. Each turn answers a waiter, so
  // it ends.
  do {
    expire_messages(now, out);
    LMQ_FAULT_POINT("queue.tick");
    serve(now, out);
  } while (!pending_.empty() && pending_.begin()->first.at <= now);
  send_off(now, out);
  expire_waiters(now, out);
}

std::optional<time_point> queue_machine::next_deadline() const noexcept {
  if (could_serve())
    return time_point::min();
  std::optional<time_point> first;
  if (!pending_.empty())
    first = pending_.begin()->first.at;
  if (!waiter_deadlines_.empty() && !waiters_held())
    first = first ? std::min(*first, waiter_deadlines_.begin()->first) : waiter_deadlines_.begin()->first;
  if (auto move = next_move())
    first = first ? std::min(*first, *move) : *move;
  return first;
}

queue_sizes queue_machine::sizes() const noexcept {
  queue_sizes s;
  s.ready = ready_.size();
  s.leased = leased_count_ + leaving_.size();
  s.accumulating = pending_.size() - leased_count_;
  s.waiters = waiters_.size();
  s.memory_bytes = content_bytes_ + known_.size() * known_bytes;
  if (!ready_.empty())
    s.oldest_ready = ready_.begin()->second.ready_since;
  return s;
}

// -- steps

/// Whether the queue may hold that message, too.
result<void> queue_machine::check_room(const message& pushed, effects& out) {
  auto messages_max = properties_.max_messages.value_or(0), bytes_max = properties_.max_bytes.value_or(0);
  if (messages_max == 0 && bytes_max == 0)
    return {};
  discard_exhausted(out); // nobody will get it, so it takes no room
  auto held = sizes();
  if (messages_max > 0 && !window_ && held.messages() >= messages_max)
    return refuse(reason::queue_full, "it holds " + std::to_string(held.messages()) +
                                        " messages and max_messages is " + std::to_string(messages_max) +
                                        "; pull and acknowledge some, or raise max_messages, and push again");
  if (bytes_max == 0)
    return {};
  bool opens = !window_ && properties_.accum > milliseconds::zero();
  auto more = (window_ || opens ? sizeof(part) : 0) + (window_ ? 0 : node_bytes) + memory_bytes(pushed) +
              (role_.records ? (opens ? 2 : 1) * known_bytes : 0);
  auto bytes = held.memory_bytes + away_bytes_;
  if (more > bytes_max)
    return refuse(reason::queue_full, "this message takes " + std::to_string(more) +
                                        " bytes with what is kept beside it and max_bytes is " +
                                        std::to_string(bytes_max) +
                                        "; push a smaller one, or raise max_bytes");
  if (bytes + more > bytes_max)
    return refuse(reason::queue_full, "it holds " + std::to_string(bytes) + " bytes, this message takes " +
                                        std::to_string(more) + " and max_bytes is " +
                                        std::to_string(bytes_max) +
                                        "; pull and acknowledge some, or raise max_bytes, and push again");
  return {};
}

/// Takes a message in. Throws: it is not in.
///
/// @param window_name  of the compound, should it open a window
queue_machine::taken_in queue_machine::take_in(message_id id, message&& pushed, message_id window_name,
                                               time_point now) {
  if (window_) {
    auto bytes = sizeof(part) + memory_bytes(pushed);
    window_parts_->push_back({id, std::move(pushed)});
    content_bytes_ += bytes;
    ++counts_.pushed;
    ++counts_.joined;
    return {push_outcome::joined, &**window_};
  }
  entry e;
  e.id = id;
  e.retries_left = properties_.retry;
  if (properties_.accum > milliseconds::zero()) {
    auto parts = std::make_shared<compound>();
    parts->push_back({id, std::move(pushed)});
    LMQ_FAULT_POINT("queue.open_window");
    e.id = window_name;
    e.content = std::shared_ptr<const compound>{parts};
    e.is = state::accumulating;
    auto bytes = content_bytes(e.content);
    window_ = pending_.emplace(place{now + properties_.accum, next_sequence_++}, std::move(e)).first;
    window_parts_ = std::move(parts);
    content_bytes_ += bytes;
    ++counts_.pushed;
    return {push_outcome::opened, &**window_};
  }
  e.content = std::move(pushed);
  e.ready_since = now;
  auto bytes = content_bytes(e.content);
  auto it = ready_.emplace_hint(ready_.end(), place{now, next_sequence_++}, std::move(e));
  content_bytes_ += bytes;
  ++counts_.pushed;
  return {push_outcome::stored, &*it};
}

/// Where the unit is leased under that very lease; the end of `pending_` if it isn't.
queue_machine::index::iterator queue_machine::held(lease_id lease) {
  auto it = leases_.find(lease.message);
  if (it == leases_.end() || it->second->second.deliveries != lease.delivery ||
      it->second->second.home != lease.home)
    return pending_.end();
  return it->second;
}

/// Where the unit is that may be settled under that lease.
result<queue_machine::index::iterator> queue_machine::honoured(lease_id lease) {
  if (auto it = held(lease); it != pending_.end())
    return it;
  if (role_.records)
    if (auto* u = unheard_of(lease))
      return locate(*u);
  return refuse(reason::no_such_lease, "this lease is unknown, settled or expired; pull again for a new one");
}

/// Leases the unit until then, under that lease. Throws: nothing has changed.
queue_machine::index::iterator queue_machine::lease_anew(index::iterator it, lease_id lease, time_point until,
                                                         effects& out) {
  auto& e = it->second;
  if (role_.records)
    make_room(out, 1);
  LMQ_FAULT_POINT("queue.lease");
  auto where = leases_.try_emplace(e.id, pending_.end()).first;
  // From here on nothing fails.
  if (role_.records)
    out.emplace_back(record{facts::leased{e.id, lease.delivery, lease.home, properties_.timeout}});
  auto node = index_of(e).extract(it);
  if (e.is == state::ready) {
    e.is = state::leased;
    e.arrival = node.key().sequence;
    ++leased_count_;
  }
  e.deliveries = lease.delivery;
  e.home = lease.home;
  node.key() = {until, next_sequence_++};
  return where->second = pending_.insert(pending_.end(), std::move(node));
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

/// Makes room for what `end_lease` records, and n - 1 effects before it.
void queue_machine::prepare_end(effects& out, std::size_t n) const {
  if (!role_.records)
    return;
  make_room(out, n);
  LMQ_FAULT_POINT("queue.record_end");
}

/// A delivery ended without an ack: spends a retry. After `prepare_end` nothing fails.
void queue_machine::end_lease(index::iterator leased, place where, effects& out) {
  auto& e = leased->second;
  bool last = e.retries_left == 0;
  if (role_.records)
    out.emplace_back(
      record{facts::ended{e.id, e.retries_left - (last ? 0 : 1), last, false, e.deliveries, e.home}});
  if (last)
    e.exhausted = true;
  else
    --e.retries_left;
  leases_.erase(e.id);
  if (last && has_dead_letter_queue())
    make_leave(leased, state::dead, where);
  else
    make_ready(leased, where);
}

/// Throws: nothing has changed.
void queue_machine::close_window(index::iterator it, effects& out) {
  if (role_.records)
    out.emplace_back(record{closed(it->second)});
  if (window_ == it) {
    window_parts_->shrink_to_fit();
    window_.reset();
    window_parts_.reset();
  }
  make_ready(it, it->first);
}

void queue_machine::expire_messages(time_point now, effects& out) {
  while (!pending_.empty() && pending_.begin()->first.at <= now) {
    auto it = pending_.begin();
    switch (it->second.is) {
    case state::accumulating: close_window(it, out); break;
    case state::leased:
      prepare_end(out, 1);
      end_lease(it, it->first, out);
      ++counts_.expired;
      break;
    case state::ready:
    case state::dead:
    case state::redriven: break; // never in this index: queue_invariants.hpp
    }
  }
}

void queue_machine::expire_waiters(time_point now, effects& out) {
  if (waiters_held())
    return; // a message is ready and may yet be theirs: the answer to the offer is on its way
  while (!waiter_deadlines_.empty() && waiter_deadlines_.begin()->first <= now) {
    auto who = waiter_deadlines_.begin()->second;
    LMQ_FAULT_POINT("queue.expire_waiter");
    out.emplace_back(answer_empty{who});
    forget_waiter(waiters_.find(who));
  }
}

/// `serve` would do something.
bool queue_machine::could_serve() const noexcept {
  if (ready_.empty() || paused())
    return false;
  switch (offered_) {
  case offered::asked: return false;
  case offered::none: return true;
  case offered::unwatched:
  case offered::kept: return !waiters_.empty();
  }
  return false;
}

/// Brings ready messages and waiters together, as far as the conversation with pull_any allows.
void queue_machine::serve(time_point now, effects& out) {
  while (!ready_.empty() && !paused()) {
    switch (offered_) {
    case offered::asked: return;
    case offered::none:
      discard_exhausted(out);
      if (ready_.empty())
        return;
      LMQ_FAULT_POINT("queue.offer");
      out.emplace_back(offer{waiters_.empty() ? std::nullopt : std::optional{waiters_.begin()->first}});
      offered_ = offered::asked;
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

/// Leases the message first in line to `to`. False: there is none, or the queue is paused.
bool queue_machine::deliver_first(waiter_id to, time_point now, effects& out) {
  if (paused())
    return false;
  discard_exhausted(out);
  if (ready_.empty())
    return false;
  // First what may fail: room for the effects, and the lease's place. From then on nothing does.
  auto it = ready_.begin();
  const auto& e = it->second;
  lease_id lease{e.id, e.deliveries + 1, role_.home};
  LMQ_FAULT_POINT("queue.deliver");
  make_room(out, 2);
  deliver delivery{to, {lease, e.content, e.retries_left, now - e.ready_since}};
  lease_anew(it, lease, now + properties_.timeout, out);
  out.emplace_back(std::move(delivery));
  ++counts_.delivered;
  return true;
}

void queue_machine::discard_exhausted(effects& out) {
  while (!ready_.empty() && ready_.begin()->second.exhausted) {
    const auto& e = ready_.begin()->second;
    if (has_dead_letter_queue()) { // since it was exhausted
      make_leave(ready_.begin(), state::dead, ready_.begin()->first);
      continue;
    }
    LMQ_FAULT_POINT("queue.discard");
    make_room(out, 2);
    if (role_.records)
      out.emplace_back(record{settled(e, facts::settled::cause::discard)});
    out.emplace_back(discard{e.id});
    remove(ready_.begin());
    ++counts_.discarded;
  }
}

void queue_machine::forget_waiter(std::map<waiter_id, waiter>::iterator it) {
  if (it->second.deadline)
    waiter_deadlines_.erase({*it->second.deadline, it->first});
  waiters_.erase(it);
}

std::size_t queue_machine::content_bytes(const parcel& content) {
  if (const auto* single = std::get_if<message>(&content))
    return node_bytes + memory_bytes(*single);
  std::size_t bytes = node_bytes;
  for (const auto& p : *std::get<std::shared_ptr<const compound>>(content))
    bytes += sizeof(part) + memory_bytes(p.content);
  return bytes;
}

void queue_machine::count_in(const parcel& content) noexcept {
  content_bytes_ += content_bytes(content);
  away_bytes_ += away_bytes(content);
}

void queue_machine::count_out(const parcel& content) noexcept {
  content_bytes_ -= content_bytes(content);
  away_bytes_ -= away_bytes(content);
}

/// Ends a message for good.
void queue_machine::remove(index::iterator it) {
  auto& e = it->second;
  count_out(e.content);
  if (role_.records)
    forget_names(*it);
  if (e.is == state::leased) {
    --leased_count_;
    leases_.erase(e.id);
    if (leases_.empty() && leases_.bucket_count() > idle_buckets_max)
      leases_ = {};
  } else if (leaves(e)) {
    moving_.erase(e.id);
  }
  index_of(e).erase(it);
}

} // namespace lmq
