#include "cluster/metadata.hpp"

#include "cluster/planted.hpp"
#include "core/mix.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  return mix_bits(hash_text(text, seed));
}

std::uint64_t mix(std::uint64_t seed, stamp s) {
  return mix_bits(seed ^ mix_bits(s.clock) ^ mix_bits(s.writer + mix_step));
}

/// Takes the value over if it was written later.
template <class T>
bool take(T& ours, stamp& of_ours, const T& theirs, stamp of_theirs) {
  if (is_planted(planted_bug::older_word_wins) ? of_theirs == of_ours || of_theirs.clock == 0
                                               : of_theirs <= of_ours)
    return false;
  ours = theirs;
  of_ours = of_theirs;
  return true;
}

} // namespace

// -- hybrid_clock

std::uint64_t hybrid_clock::next(std::uint64_t wall) noexcept {
  return last_ = std::max(last_ + 1, wall << counter_bits);
}

bool hybrid_clock::heard(std::uint64_t clock, std::uint64_t wall) noexcept {
  if (clock >> counter_bits > wall + static_cast<std::uint64_t>(skew_max.count()))
    return false;
  last_ = std::max(last_, clock);
  return true;
}

// -- changes made here

queue_metadata& metadata::at(std::string_view queue) {
  auto it = queues_.find(queue);
  if (it == queues_.end())
    it = queues_.emplace(std::string{queue}, queue_metadata{}).first;
  return it->second;
}

void metadata::open_at(queue_metadata& q, stamp at) {
  if (!q.exists) {
    q.exists = true;
    q.of_existence = at;
  }
}

std::optional<metadata_change> metadata::open(std::string_view queue, stamp at_time) {
  if (contains(queue))
    return std::nullopt;
  auto& q = at(queue);
  if (q.of_existence.clock != 0)
    --deleted_;
  open_at(q, at_time);
  return metadata_change{std::string{queue}, q, {}, {}};
}

std::optional<metadata_change> metadata::remove(std::string_view queue, stamp at_time) {
  auto it = queues_.find(queue);
  if (it == queues_.end() || !it->second.exists)
    return std::nullopt;
  auto& q = it->second;
  q = {};
  q.of_existence = at_time;
  q.of_own.fill(at_time);
  metadata_change change{std::string{queue}, q, {}, {}};
  ++deleted_;
  forget_oldest();
  return change;
}

metadata_change metadata::patch(std::string_view queue, const property_set& change, stamp at_time) {
  open(queue, at_time);
  auto& q = at(queue);
  lmq::merge(q.own, change);
  const bool set[]{change.accum.has_value(),  change.retry.has_value(),        change.timeout.has_value(),
                   change.hooks.has_value(),  change.max_messages.has_value(), change.max_bytes.has_value(),
                   change.paused.has_value(), change.dead_letter.has_value()};
  for (std::size_t i = 0; i < q.of_own.size(); ++i)
    if (set[i])
      q.of_own[i] = at_time;
  return {std::string{queue}, q, {}, {}};
}

metadata_change metadata::reset(std::string_view queue, stamp at_time) {
  open(queue, at_time);
  auto& q = at(queue);
  q.own = {};
  q.of_own.fill(at_time);
  return {std::string{queue}, q, {}, {}};
}

metadata_change metadata::set_rules(std::vector<rule> rules, stamp at_time) {
  rules_ = std::move(rules);
  of_rules_ = at_time;
  return {{}, {}, rules_, of_rules_};
}

// -- changes made elsewhere

bool metadata::merge(const metadata_change& theirs) {
  if (theirs.queue.empty())
    return take(rules_, of_rules_, theirs.rules, theirs.of_rules);
  auto& ours = at(theirs.queue);
  const auto& q = theirs.of_queue;
  bool was_deleted = !ours.exists && ours.of_existence.clock != 0;
  bool changed = take(ours.exists, ours.of_existence, q.exists, q.of_existence);
  changed |= take(ours.own.accum, ours.of_own[0], q.own.accum, q.of_own[0]);
  changed |= take(ours.own.retry, ours.of_own[1], q.own.retry, q.of_own[1]);
  changed |= take(ours.own.timeout, ours.of_own[2], q.own.timeout, q.of_own[2]);
  changed |= take(ours.own.hooks, ours.of_own[3], q.own.hooks, q.of_own[3]);
  changed |= take(ours.own.max_messages, ours.of_own[4], q.own.max_messages, q.of_own[4]);
  changed |= take(ours.own.max_bytes, ours.of_own[5], q.own.max_bytes, q.of_own[5]);
  changed |= take(ours.own.paused, ours.of_own[6], q.own.paused, q.of_own[6]);
  changed |= take(ours.own.dead_letter, ours.of_own[7], q.own.dead_letter, q.of_own[7]);
  bool is_deleted = !ours.exists && ours.of_existence.clock != 0;
  if (is_deleted && !was_deleted)
    ++deleted_;
  else if (was_deleted && !is_deleted)
    --deleted_;
  forget_oldest();
  return changed;
}

void metadata::forget_oldest() {
  if (deleted_ <= deleted_max + deleted_max / 8)
    return;
  std::vector<stamp> stamps;
  for (const auto& [name, q] : queues_)
    if (!q.exists)
      stamps.push_back(q.of_existence);
  auto oldest_kept = stamps.end() - static_cast<std::ptrdiff_t>(deleted_max);
  std::nth_element(stamps.begin(), oldest_kept, stamps.end());
  auto keep_from = *oldest_kept;
  deleted_ -= std::erase_if(queues_, [&](const auto& entry) {
    return !entry.second.exists && entry.second.of_existence < keep_from;
  });
}

// -- views

bool metadata::contains(std::string_view queue) const {
  const auto* q = find(queue);
  return q != nullptr && q->exists;
}

const queue_metadata* metadata::find(std::string_view queue) const {
  auto it = queues_.find(queue);
  return it == queues_.end() ? nullptr : &it->second;
}

std::vector<metadata_change> metadata::all() const {
  std::vector<metadata_change> changes;
  if (of_rules_.clock != 0)
    changes.push_back({{}, {}, rules_, of_rules_});
  for (const auto& [name, q] : queues_)
    changes.push_back({name, q, {}, {}});
  return changes;
}

std::uint64_t metadata::digest() const {
  // Stamps are given once, so equal ones stand for equal values.
  auto sum = mix(1, of_rules_);
  for (const auto& [name, q] : queues_) {
    auto of_queue = mix(mix(2, name), q.of_existence) + (q.exists ? 1 : 0);
    for (const auto& s : q.of_own)
      of_queue = mix(of_queue, s);
    sum += mix_bits(of_queue);
  }
  return sum;
}

} // namespace lmq
