#include "actors/pull_any/pull_any_machine.hpp"

#include <algorithm>

namespace lmq {

namespace {

/// The journal of opened queues is rewritten when it is longer than this and than twice the queues there are.
constexpr std::size_t opened_journal_max = 16'384;

} // namespace

// -- queues come and go

void pull_any_machine::opened(const std::string& queue, pull_any_effects& out) {
  if (slots_.count(queue) != 0)
    return;
  auto s = new_slot(queue);
  bool wanted = false;
  for (auto& p : patterns_) {
    if (p.waiters == 0)
      continue; // catches up when it is used
    catch_up(p);
    wanted = wanted || p.matches[s];
  }
  if (wanted)
    ask(s, out);
}

void pull_any_machine::gone(const std::string& queue, time_point now, pull_any_effects& out) {
  auto s = find(queue);
  if (!s)
    return;
  for (auto* set : {&watched_, &asked_, &available_, &taking_, &ask_again_})
    set->reset(*s);
  held_offers_.erase(*s);
  slots_.erase(queue);
  names_[*s].clear();
  free_.push_back(*s);
  for (auto& p : patterns_) {
    if (*s >= p.matches.size() || !p.matches[*s])
      continue;
    p.matches.reset(*s);
    if (p.waiters > 0 && p.matches.none())
      end_waiters_of(p, out);
  }
  answer_due(now, out);
}

void pull_any_machine::restarted(const std::string& queue, time_point now, pull_any_effects& out) {
  auto s = find(queue);
  if (!s)
    return opened(queue, out);
  if (!watched_[*s])
    return;
  held_offers_.erase(*s);
  available_.reset(*s);
  if (taking_[*s])
    ask_again_.set(*s);
  else
    ask(*s, out);
  answer_due(now, out);
}

// -- waiters

result<void> pull_any_machine::pull(waiter_id who, const std::string& expression,
                                    std::optional<time_point> deadline, time_point now,
                                    pull_any_effects& out) {
  auto wants = known(expression);
  if (!wants)
    return tl::unexpected{wants.error()};
  ++(*wants)->waiters;
  auto it = waiters_.emplace(who, waiter{*wants, deadline}).first;
  if (deadline)
    deadlines_.emplace(*deadline, who);
  seek(it, out);
  answer_due(now, out);
  return {};
}

void pull_any_machine::cancel(waiter_id who, time_point now, pull_any_effects& out) {
  auto it = waiters_.find(who);
  if (it == waiters_.end())
    return;
  if (!it->second.taking)
    out.push_back(nothing_for{who});
  forget(it);
  answer_due(now, out);
}

// -- what queues say

void pull_any_machine::watched(const std::string& queue, bool ready, time_point now, pull_any_effects& out) {
  auto s = find(queue);
  if (!s || !asked_[*s])
    return;
  asked_.reset(*s);
  if (ready) {
    available_.set(*s);
    if (auto it = oldest_for(*s); it != waiters_.end())
      start_take(it, *s, out);
  }
  answer_due(now, out);
}

void pull_any_machine::offered(const std::string& queue, std::optional<waiter_id> oldest, time_point now,
                               pull_any_effects& out) {
  auto s = find(queue);
  if (!s || !watched_[*s]) {
    out.push_back(keep_in{queue}); // from before it was opened anew: don't let it wait
    return;
  }
  if (asked_[*s] || ask_again_[*s])
    return; // crossed a watch, whose answer speaks for it
  if (taking_[*s])
    held_offers_[*s] = oldest; // made with the take, which is answered next
  else
    decide(*s, oldest, out);
  answer_due(now, out);
}

bool pull_any_machine::taken(const std::string& queue, waiter_id who, take_result came, time_point now,
                             pull_any_effects& out) {
  auto s = find(queue);
  auto it = waiters_.find(who);
  bool here = it != waiters_.end();
  if (here && came == take_result::delivered) {
    forget(it);
  } else if (here) {
    it->second.taking = false;
    if (!s && it->second.wants->matches.none()) { // that was the last queue that matched
      out.push_back(nothing_for{who});
      forget(it);
    }
  }
  if (s && taking_[*s] && takers_[*s] == who) {
    taking_.reset(*s);
    if (ask_again_[*s]) {
      ask_again_.reset(*s);
      ask(*s, out);
    } else if (came == take_result::lost) {
      asked_.set(*s); // `restarted` asks, or `gone` answers
    } else if (auto held = held_offers_.find(*s); held != held_offers_.end()) {
      auto oldest = held->second;
      held_offers_.erase(held);
      decide(*s, oldest, out);
    }
  }
  it = waiters_.find(who);
  if (it != waiters_.end() && !it->second.taking)
    seek(it, out);
  answer_due(now, out);
  return here;
}

// -- time

void pull_any_machine::tick(time_point now, pull_any_effects& out) {
  answer_due(now, out);
}

std::optional<time_point> pull_any_machine::next_deadline() const noexcept {
  // Those that were due at the last step and are still here wait for an answer, which comes as a step of its
  // own.
  auto first = deadlines_.upper_bound({answered_until_, waiter_id{~std::uint64_t{0}}});
  return first == deadlines_.end() ? std::nullopt : std::optional{first->first};
}

// -- steps

/// Answers an offer.
void pull_any_machine::decide(slot queue, std::optional<waiter_id> oldest, pull_any_effects& out) {
  auto it = oldest_for(queue);
  available_.reset(queue);
  if (it == waiters_.end()) {
    available_.set(queue);
    out.push_back(keep_in{names_[queue]});
  } else if (oldest && *oldest < it->first) {
    out.push_back(yield_to{names_[queue]});
  } else {
    start_take(it, queue, out);
  }
}

/// The last queue that a pattern found has gone. Whoever has a take under way is answered by that.
void pull_any_machine::end_waiters_of(const known_pattern& p, pull_any_effects& out) {
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    auto here = it++;
    if (&*here->second.wants != &p || here->second.taking)
      continue;
    out.push_back(nothing_for{here->first});
    forget(here);
  }
}

std::optional<pull_any_machine::slot> pull_any_machine::find(const std::string& queue) const {
  auto it = slots_.find(queue);
  return it == slots_.end() ? std::nullopt : std::optional{it->second};
}

pull_any_machine::slot pull_any_machine::new_slot(const std::string& queue) {
  slot s;
  if (free_.empty()) {
    s = names_.size();
    names_.push_back(queue);
    takers_.emplace_back();
    for (auto* set : {&watched_, &asked_, &available_, &taking_, &ask_again_})
      set->push_back(false);
  } else {
    s = free_.back();
    free_.pop_back();
    names_[s] = queue;
  }
  slots_.emplace(queue, s);
  opened_.push_back(s);
  if (opened_.size() > std::max(opened_journal_max, 2 * slots_.size()))
    rewrite_opened();
  return s;
}

result<pull_any_machine::patterns::iterator> pull_any_machine::known(const std::string& expression) {
  if (auto it = by_text_.find(expression); it != by_text_.end()) {
    patterns_.splice(patterns_.end(), patterns_, it->second); // used last
    catch_up(*it->second);
    return it->second;
  }
  return pattern::compile(expression).map([&](pattern&& compiled) {
    patterns_.push_back({std::move(compiled), slots{}, 0, 0});
    auto it = std::prev(patterns_.end());
    by_text_.emplace(expression, it);
    catch_up(*it);
    return it;
  });
}

/// Matches the queues that were opened since the pattern was last used. An entry of the journal whose queue
/// is gone speaks of the slot's owner of today, or of nobody.
void pull_any_machine::catch_up(known_pattern& p) {
  p.matches.resize(names_.size());
  if (opened_.size() - p.seen >= slots_.size()) { // cheaper than the journal: each queue once
    p.matches.reset();
    for (const auto& [name, s] : slots_)
      if (p.compiled.finds(name))
        p.matches.set(s);
    p.seen = opened_.size();
  }
  for (; p.seen < opened_.size(); ++p.seen)
    if (const auto& name = names_[opened_[p.seen]]; !name.empty() && p.compiled.finds(name))
      p.matches.set(opened_[p.seen]);
}

/// Drops the journal's entries of queues that are gone.
void pull_any_machine::rewrite_opened() {
  opened_.clear();
  for (const auto& [name, s] : slots_)
    opened_.push_back(s);
  for (auto& p : patterns_)
    p.seen = 0;
}

void pull_any_machine::trim_patterns() {
  if (patterns_.size() <= idle_patterns_max)
    return;
  auto idle = static_cast<std::size_t>(
    std::count_if(patterns_.begin(), patterns_.end(), [](const known_pattern& p) { return p.waiters == 0; }));
  for (auto it = patterns_.begin(); idle > idle_patterns_max && it != patterns_.end();) {
    if (it->waiters > 0) {
      ++it;
      continue;
    }
    by_text_.erase(it->compiled.text());
    it = patterns_.erase(it);
    --idle;
  }
}

void pull_any_machine::forget(waiters_by_age::iterator it) {
  auto& w = it->second;
  if (w.deadline)
    deadlines_.erase({*w.deadline, it->first});
  if (--w.wants->waiters == 0)
    trim_patterns();
  waiters_.erase(it);
}

/// Takes from a queue that is known to have something ready; if there is none, asks those that it knows
/// nothing of.
void pull_any_machine::seek(waiters_by_age::iterator it, pull_any_effects& out) {
  const auto& matches = it->second.wants->matches;
  auto candidates = matches & available_;
  auto s = candidates.find_next(cursor_);
  if (s == slots::npos)
    s = candidates.find_first();
  if (s != slots::npos)
    return start_take(it, s, out);
  auto strangers = matches - watched_;
  for (s = strangers.find_first(); s != slots::npos; s = strangers.find_next(s))
    ask(s, out);
}

void pull_any_machine::start_take(waiters_by_age::iterator it, slot from, pull_any_effects& out) {
  available_.reset(from);
  taking_.set(from);
  takers_[from] = it->first;
  cursor_ = from;
  it->second.taking = true;
  out.push_back(take_from{names_[from], it->first});
}

void pull_any_machine::ask(slot queue, pull_any_effects& out) {
  watched_.set(queue);
  asked_.set(queue);
  out.push_back(watch_queue{names_[queue]});
}

pull_any_machine::waiters_by_age::iterator pull_any_machine::oldest_for(slot queue) {
  return std::find_if(waiters_.begin(), waiters_.end(),
                      [&](const auto& w) { return !w.second.taking && w.second.wants->matches[queue]; });
}

void pull_any_machine::answer_due(time_point now, pull_any_effects& out) {
  answered_until_ = now;
  for (auto it = deadlines_.begin(); it != deadlines_.end() && it->first <= now;) {
    auto w = waiters_.find((it++)->second);
    if (may_still_get(w->second))
      continue;
    out.push_back(nothing_for{w->first});
    forget(w);
  }
}

/// An answer is under way that may bring this waiter a message.
bool pull_any_machine::may_still_get(const waiter& w) const {
  return w.taking || w.wants->matches.intersects(asked_) || w.wants->matches.intersects(taking_);
}

} // namespace lmq
