#include "actors/registry/registry_machine.hpp"

namespace lmq {

result<void> registry_machine::open(std::string_view name, registry_effects& out) {
  return find_or_open(name, out).map([](auto) {});
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

result<void> registry_machine::set_rules(std::vector<rule> rules, registry_effects& out) {
  if (rules.size() > property_limits::rules_max)
    return refuse(reason::over_limit, "there are " + std::to_string(rules.size()) + " rules; send at most " +
                                        std::to_string(property_limits::rules_max));
  std::vector<pattern> patterns;
  for (const auto& r : rules) {
    auto compiled = pattern::compile(r.pattern);
    if (!compiled)
      return tl::unexpected{compiled.error()};
    patterns.push_back(*compiled);
    if (r.set.hooks)
      if (auto ok = hooks_.check(*r.set.hooks); !ok)
        return ok;
  }
  rules_ = std::move(rules);
  patterns_ = std::move(patterns);
  for (auto it = queues_.begin(); it != queues_.end(); ++it)
    refresh(it, out);
  return {};
}

result<properties> registry_machine::in_force(std::string_view name) const {
  if (auto it = queues_.find(name); it != queues_.end())
    return it->second.in_force;
  return check_queue_name(name).map([&] { return effective({}, rule_for(name)); });
}

result<void> registry_machine::patch(std::string_view name, const property_set& change,
                                     registry_effects& out) {
  if (change.hooks)
    if (auto ok = hooks_.check(*change.hooks); !ok)
      return ok;
  return find_or_open(name, out).map([&](queues::iterator it) {
    merge(it->second.own, change);
    refresh(it, out);
  });
}

result<void> registry_machine::reset(std::string_view name, registry_effects& out) {
  return find_or_open(name, out).map([&](queues::iterator it) {
    it->second.own = {};
    refresh(it, out);
  });
}

const property_set* registry_machine::rule_for(std::string_view name) const {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (patterns_[i].finds(name))
      return &rules_[i].set;
  return nullptr;
}

result<registry_machine::queues::iterator> registry_machine::find_or_open(std::string_view name,
                                                                          registry_effects& out) {
  if (auto it = queues_.find(name); it != queues_.end())
    return it;
  if (auto ok = check_queue_name(name); !ok)
    return tl::unexpected{ok.error()};
  if (queues_.size() >= queues_max)
    return refuse(reason::over_limit, "there are " + std::to_string(queues_max) +
                                        " queues already; delete some before you add another");
  auto it = queues_.emplace(std::string{name}, queue{{}, effective({}, rule_for(name))}).first;
  out.push_back(open_queue{it->first, it->second.in_force});
  return it;
}

void registry_machine::refresh(queues::iterator it, registry_effects& out) {
  auto now_in_force = effective(it->second.own, rule_for(it->first));
  if (now_in_force == it->second.in_force)
    return;
  it->second.in_force = now_in_force;
  out.push_back(configure_queue{it->first, std::move(now_in_force)});
}

} // namespace lmq
