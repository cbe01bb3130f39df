#include "actors/registry/registry_machine.hpp"

#include "core/fault_point.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lmq {

result<void> registry_machine::open(std::string_view name, registry_effects& out) {
  if (contains(name))
    return {};
  return reset(name, out);
}

result<void> registry_machine::remove(std::string_view name, registry_effects& out) {
  auto it = queues_.find(name);
  if (it == queues_.end())
    return refuse(reason::no_such_queue, "there is no queue of this name");
  out.push_back(close_queue{it->first});
  queues_.erase(it);
  return {};
}

result<std::vector<std::string>> registry_machine::match(std::string_view expression) const {
  return pattern::compile(expression).map([&](const pattern& p) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : queues_)
      if (p.finds(name))
        names.push_back(name);
    return names;
  });
}

result<void> registry_machine::set_rules(std::vector<rule> rules) {
  if (rules == rules_.rules)
    return {};
  if (rules.size() > property_limits::rules_max)
    return refuse(reason::over_limit, "there are " + std::to_string(rules.size()) + " rules; send at most " +
                                        std::to_string(property_limits::rules_max));
  std::vector<std::string_view> texts;
  texts.reserve(rules.size());
  for (const auto& r : rules) {
    if (auto ok = check(r.set, std::nullopt); !ok)
      return ok;
    texts.push_back(r.pattern);
  }
  auto compiled = pattern_list::compile(texts);
  if (!compiled)
    return tl::unexpected{std::move(compiled.error())};
  std::optional<std::string> next;
  if (!queues_.empty())
    next.emplace();
  LMQ_FAULT_POINT("registry.set_rules");
  // From here on nothing fails.
  rules_ = {std::move(rules), *std::move(compiled)};
  next_ = std::move(next);
  return {};
}

void registry_machine::follow(registry_effects& out) {
  if (!next_)
    return;
  std::vector<std::pair<properties*, properties>> changes;
  registry_effects effects;
  auto it = queues_.lower_bound(*next_);
  for (auto n = follow_step(); n > 0 && it != queues_.end(); --n, ++it) {
    auto& [name, q] = *it;
    auto in_force = of_queue(name, effective(q.own, rules_.find(name)));
    if (in_force == q.in_force)
      continue;
    effects.push_back(configure_queue{name, in_force});
    changes.emplace_back(&q.in_force, std::move(in_force));
  }
  std::optional<std::string> next;
  if (it != queues_.end())
    next = it->first;
  out.reserve(out.size() + effects.size());
  LMQ_FAULT_POINT("registry.follow");
  // From here on nothing fails.
  for (auto& [current, in_force] : changes)
    *current = std::move(in_force);
  std::move(effects.begin(), effects.end(), std::back_inserter(out));
  next_ = std::move(next);
}

void registry_machine::follow_all(registry_effects& out) {
  while (following())
    follow(out);
}

/// A name costs as many instructions as the rules have where no automaton helps.
std::size_t registry_machine::follow_step() const noexcept {
  constexpr std::size_t instructions_max = pattern_list::program_size_max;
  auto of_one = static_cast<std::size_t>(rules_.patterns.program_size()) + 1;
  return std::clamp<std::size_t>(instructions_max / of_one, 1, follow_step_max);
}

result<properties> registry_machine::in_force(std::string_view name) const {
  auto it = queues_.find(name);
  if (it == queues_.end())
    return check_queue_name(name).map([&] { return of_queue(name, effective({}, rules_.find(name))); });
  if (next_ && it->first >= *next_)
    return of_queue(name, effective(it->second.own, rules_.find(name)));
  return it->second.in_force;
}

result<void> registry_machine::patch(std::string_view name, const property_set& change,
                                     registry_effects& out) {
  if (auto ok = check(change, name); !ok)
    return ok;
  if (auto ok = check_room(name); !ok)
    return ok;
  auto it = queues_.find(name);
  auto own = it == queues_.end() ? property_set{} : it->second.own;
  merge(own, change);
  return give(name, std::move(own), out);
}

result<void> registry_machine::reset(std::string_view name, registry_effects& out) {
  if (auto ok = check_room(name); !ok)
    return ok;
  return give(name, {}, out);
}

result<void> registry_machine::replace(std::string_view name, const property_set& own,
                                       registry_effects& out) {
  if (own.hooks)
    if (auto ok = hooks_.check(*own.hooks); !ok)
      return ok;
  return give(name, own, out);
}

/// Whether a queue, or a rule, may have these.
result<void> registry_machine::check(const property_set& set, std::optional<std::string_view> of) const {
  if (set.hooks)
    if (auto ok = hooks_.check(*set.hooks); !ok)
      return ok;
  return check_dead_letter(set, of);
}

const property_set* registry_machine::rule_set::find(std::string_view name) const {
  auto first = patterns.first(name);
  return first ? &rules[*first].set : nullptr;
}

/// Whether a client may have this queue: it is there, or may be made.
result<void> registry_machine::check_room(std::string_view name) const {
  if (queues_.size() < queues_max_ || contains(name))
    return {};
  return refuse(reason::over_limit, "there are " + std::to_string(queues_.size()) +
                                      " queues; delete some before you add another, or have the server "
                                      "started with a larger --queues-max");
}

/// Makes these the queue's own properties; opens it if there is none. All of it, or nothing.
result<void> registry_machine::give(std::string_view name, property_set own, registry_effects& out) {
  auto it = queues_.find(name);
  if (it == queues_.end())
    if (auto ok = check_queue_name(name); !ok)
      return ok;
  auto in_force = of_queue(name, effective(own, rules_.find(name)));
  out.reserve(out.size() + 1);
  if (it == queues_.end()) {
    open_queue opened{std::string{name}, in_force};
    LMQ_FAULT_POINT("registry.open");
    queues_.emplace(std::string{name}, queue{std::move(own), std::move(in_force)});
    out.push_back(std::move(opened));
    return {};
  }
  if (in_force != it->second.in_force) {
    configure_queue changed{std::string{name}, in_force};
    LMQ_FAULT_POINT("registry.configure");
    out.push_back(std::move(changed));
    it->second.in_force = std::move(in_force);
  }
  it->second.own = std::move(own);
  return {};
}

} // namespace lmq
