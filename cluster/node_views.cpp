// Leaders and views: with whom this node works together, and of which queues it is home.
#include "cluster/node_machine.hpp"

#include "cluster/planted.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

bool contains(const std::vector<node_id>& all, const node_id& node) {
  return std::find(all.begin(), all.end(), node) != all.end();
}

} // namespace

// -- leaders -----------------------------------------------------------------------------------------------------------

std::size_t node_machine::links_of(const std::string& name) const {
  if (name == options_.self.name)
    return static_cast<std::size_t>(
      std::count_if(peers_.begin(), peers_.end(), [](const auto& p) { return p.second.in_step; }));
  const auto& p = peers_.at(name);
  return p.beat ? p.beat->in_step.size() : 0;
}

/// Whoever is in step with more members, then whose name comes first.
bool node_machine::better_leader(const std::string& a, const std::string& b) const {
  auto links_a = links_of(a), links_b = links_of(b);
  return links_a != links_b ? links_a > links_b : a < b;
}

void node_machine::follow(const std::string& whom, time_point now) {
  challenger_.clear();
  if (whom == leader_)
    return;
  leader_ = whom;
  following_since_ = now;
  beat_changed_ = true;
}

/// The leader is still there, and leads; or has not had the time to begin with it.
bool node_machine::leader_holds(time_point now) const {
  if (leader_ == options_.self.name)
    return true;
  auto it = peers_.find(leader_);
  if (it == peers_.end())
    return false;
  const auto& p = it->second;
  return stays(p) && (p.beat->leader == leader_ || now - following_since_ < 2 * options_.leader_patience);
}

/// Follows a leader as long as it leads. Whoever has lost it follows the one whom all will follow that hear
/// the same; two that lead and hear each other are not for long, for the lesser one follows the better one.
/// Each change of leader makes a view, so nobody changes for what may be over in a moment.
void node_machine::follow_leader(time_point now, node_effect_list& out) {
  const auto& self = options_.self.name;
  if (!leader_holds(now)) {
    // Whoever leads already; otherwise whoever should, for the others will think the same.
    auto lost = leader_;
    std::string leads;
    auto best = self;
    for (const auto& [name, p] : peers_) {
      if (!stays(p))
        continue;
      if (p.beat->leader == name && (leads.empty() || better_leader(name, leads)))
        leads = name;
      if (name != lost && better_leader(name, best))
        best = name;
    }
    follow(leads.empty() ? best : leads, now);
  } else {
    auto best = leader_;
    for (const auto& [name, p] : peers_)
      if (stays(p) && p.beat->leader == name && ((leaving_ && best == self) || better_leader(name, best)))
        best = name;
    if (best == leader_ && leader_ != self && !leaving_ && links_of(self) > links_of(leader_))
      best = self; // it is heard by some who do not hear the leader
    if (best == leader_) {
      challenger_.clear();
    } else if (!active_ && leader_ == self) {
      follow(best, now);
    } else if (challenger_ != best) {
      challenger_ = best;
      challenged_since_ = now;
    } else if (now - challenged_since_ >= options_.leader_patience) {
      follow(best, now);
    }
  }
  if (leader_ == self)
    propose_if_changed(now, out);
}

/// Whoever was in a view goes on with whom it still has. Whoever begins, or was given up by others, waits
/// until everybody that it knows of has had the time to answer, and is not there.
bool node_machine::may_serve_alone(time_point now) const {
  if (view_.id.number != 0 && !behind_)
    return true;
  if (!awaited_joins_.empty() && now - started_ < options_.start_wait)
    return false;
  return std::all_of(peers_.begin(), peers_.end(), [&](const auto& entry) {
    const auto& p = entry.second;
    return p.gone || p.refused || (!p.known_up && now - std::max(p.heard, listening_since_) >= options_.away);
  });
}

// -- views -------------------------------------------------------------------------------------------------------------

void node_machine::propose_if_changed(time_point now, node_effect_list& out) {
  view next;
  std::uint64_t newest = view_.id.number;
  next.members.push_back(options_.self);
  for (const auto& [name, p] : peers_)
    if (p.in_step && p.beat && p.beat->leader == leader_ && contains(p.beat->in_step, options_.self)) {
      next.members.push_back(p.id);
      newest = std::max(newest, p.beat->view.number);
    }
  if (next.members.size() == 1 && !may_serve_alone(now))
    return;
  std::sort(next.members.begin(), next.members.end());
  auto hears = [&](const node_id& a, const node_id& b) {
    if (a == b)
      return true;
    if (a == options_.self)
      return true; // each member is in step with the leader, and says so
    return contains(peers_.at(a.name).beat->in_step, b);
  };
  auto leaves = [&](const node_id& n) {
    return n == options_.self ? leaving_ : peers_.at(n.name).beat->leaving;
  };
  for (const auto& home : next.members)
    if (!leaves(home) && std::all_of(next.members.begin(), next.members.end(), [&](const node_id& other) {
          return hears(home, other) && hears(other, home);
        }))
      next.homes.push_back(home);
  if (next.homes.empty())
    next.homes.push_back(options_.self);
  bool led_here = view_.id.leader == options_.self.incarnation;
  bool all_consent =
    !withdrawn_ && std::none_of(next.members.begin(), next.members.end(), [&](const auto& m) {
      return m != options_.self && peers_.at(m.name).beat->withdrawn &&
             peers_.at(m.name).beat->view == view_.id;
    });
  if (led_here && view_.members == next.members && view_.homes == next.homes && newest <= view_.id.number &&
      all_consent)
    return;
  next.id = {std::max(newest, view_number_seen_) + 1, options_.self.incarnation};
  for (const auto& m : next.members)
    if (m != options_.self)
      say(peers_.at(m.name), says::propose{next});
  accept(next, now, out);
}

void node_machine::heard(peer& from, const says::propose& what, time_point now, node_effect_list& out) {
  view_number_seen_ = std::max(view_number_seen_, what.next.id.number);
  if (from.id.name != leader_ || what.next.id <= view_.id || !what.next.contains(options_.self) ||
      what.next.homes.empty())
    return; // it hears from our heartbeat whom we follow, and which view we have seen
  accept(what.next, now, out);
}

void node_machine::accept(const view& next, time_point now, node_effect_list& out) {
  view_ = next;
  view_number_seen_ = std::max(view_number_seen_, next.id.number);
  withdrawn_ = behind_ = false;
  active_ = false;
  beat_changed_ = true;
  hold(out);
  if (queues_ == queues_are::stopped)
    say_flushed(now, out);
  for (auto& [name, p] : peers_)
    answer_waiting(p, now);
}

/// Stops the queues that serve here. Whatever they do not know yet, they do not lease any more.
void node_machine::hold(node_effect_list& out) {
  if (queues_ != queues_are::running)
    return;
  if (serving_.empty()) {
    queues_ = queues_are::stopped;
    return;
  }
  queues_ = queues_are::stopping;
  out.emplace_back(node_effects::hold_queues{});
}

/// Somebody in the view does not consent to it any more: nobody leases until there is a new one.
void node_machine::withdraw(node_effect_list& out) {
  withdrawn_ = true;
  beat_changed_ = true;
  if (!active_)
    return;
  active_ = false;
  hold(out);
  out.emplace_back(node_effects::members_changed{std::nullopt});
}

void node_machine::held(time_point now, node_effect_list& out) {
  begin_step(now, out);
  if (queues_ != queues_are::stopping)
    return;
  queues_ = queues_are::stopped;
  if (view_.id.number != 0)
    say_flushed(now, out);
}

void node_machine::say_flushed(time_point now, node_effect_list& out) {
  if (flushed_ == view_.id || withdrawn_)
    return;
  flushed_ = view_.id;
  for (const auto& m : view_.members) {
    auto* p = find(m.name);
    if (p == nullptr || p->id != m || !p->known_up)
      continue;
    say(*p, says::flushed{view_.id});
    if (p->flushed == view_.id && options_.self.name > m.name)
      begin_round(*p, view_.id);
  }
  for (auto& [name, p] : peers_)
    answer_waiting(p, now);
  activate_if_ready(now, out);
}

void node_machine::heard(peer& from, const says::flushed& what, time_point, node_effect_list&) {
  from.flushed = what.in;
  if (what.in == view_.id && flushed_ == view_.id && options_.self.name > from.id.name)
    begin_round(from, view_.id);
}

bool node_machine::is_home(std::string_view queue) const {
  return view_.id.number != 0 && home_of(view_, queue) == options_.self;
}

std::optional<std::string> node_machine::home(std::string_view queue) const {
  if (view_.id.number == 0)
    return std::nullopt;
  return home_of(view_, queue).name;
}

/// A home begins when every member has stopped under the views before, and has said what it held. Whoever is
/// home of nothing has nothing to wait for.
void node_machine::activate_if_ready(time_point now, node_effect_list& out) {
  if (active_ || withdrawn_ || view_.id.number == 0 || queues_ != queues_are::stopped || flushed_ != view_.id)
    return;
  if (contains(view_.homes, options_.self) && !is_planted(planted_bug::lease_without_consent))
    for (const auto& m : view_.members) {
      if (m == options_.self)
        continue;
      auto* p = find(m.name);
      if (p == nullptr || p->id != m || !p->known_up || p->complete != view_.id)
        return;
    }
  active_ = true;
  queues_ = queues_are::running;
  beat_changed_ = true;
  std::string names;
  for (const auto& m : view_.members)
    names += (names.empty() ? "" : ",") + m.name;
  out.emplace_back(node_effects::members_changed{view_});
  note(out, "cluster.view number=" + std::to_string(view_.id.number) + " members=" + log_value(names));
  for (auto it = serving_.begin(); it != serving_.end();) {
    auto stale = changed_elsewhere_.erase(*it) > 0;
    if (is_home(*it) && !stale) {
      out.emplace_back(node_effects::serve_queue{*it, {}});
      ++it;
    } else {
      out.emplace_back(node_effects::drop_queue{*it});
      it = serving_.erase(it);
    }
  }
  // Everybody in the view has said what it has. What is missing still, is nowhere in it.
  for (const auto& queue : replica_.queues())
    if (is_home(queue))
      if (auto facts = replica_.without_missing(queue); !facts.empty()) {
        replica::change ours;
        replica_.apply(queue, facts, now, ours);
        next_position(queue, facts);
      }
  // Leases run out and windows end also where nobody asks.
  for (const auto& queue : replica_.queues())
    if (is_home(queue))
      serve(queue, now, out);
  dispatch_all(now, out);
  release_what_is_safe(now, out);
}

void node_machine::serve(const std::string& queue, time_point now, node_effect_list& out) {
  if (reopened_.contains(queue) || !serving_.insert(queue).second)
    return;
  if (!metadata_.contains(queue)) // whatever holds a message exists
    if (auto change = metadata_.open(queue, stamp_at(now)))
      write(0, std::move(change), out);
  settle_redriven(queue, now);
  out.emplace_back(node_effects::serve_queue{queue, replica_.units(queue, now)});
}

std::string node_machine::describe() const {
  auto text = "follows " + leader_ + ", view " + std::to_string(view_.id.number) + " of " +
              std::to_string(view_.members.size()) + (active_ ? ", active" : "") +
              (withdrawn_ ? ", withdrawn" : "") + (behind_ ? ", behind" : "") +
              (flushed_ == view_.id ? ", flushed" : "") +
              (queues_ == queues_are::running    ? ", running"
               : queues_ == queues_are::stopping ? ", stopping"
                                                 : "");
  for (const auto& [name, p] : peers_) {
    text += "; " + name + (p.known_up ? " linked" : " away") + (p.in_step ? ", in step" : "");
    if (p.beat)
      text += ", follows " + p.beat->leader + ", view " + std::to_string(p.beat->view.number) +
              (p.beat->withdrawn ? ", withdrawn" : "");
    if (p.comparing)
      text += ", comparing " + std::to_string(p.round.number);
    if (p.complete)
      text += ", complete " + std::to_string(p.complete->number);
    if (p.flushed)
      text += ", flushed " + std::to_string(p.flushed->number);
  }
  return text;
}

void node_machine::queue_lost(const std::string& queue, time_point now, node_effect_list& out) {
  begin_step(now, out);
  if (serving_.erase(queue) > 0 && active_ && is_home(queue) && replica_.size(queue) > 0)
    serve(queue, now, out);
}

} // namespace lmq
