// Which queues there are, and which properties are in force for each.
//
// Knows names, rules and each queue's own properties; what a queue holds is the queue's business. New rules
// reach the queues that are there step by step, so that others are served meanwhile. A verb that throws
// (memory has run out) has changed nothing. Plain: no actor. Owned by the registry's cell, or by a test.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/pattern.hpp"
#include "core/properties.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lmq {

/// Start a queue of this name with these properties.
struct open_queue {
  std::string name;
  properties in_force;
};

/// Tell a live queue its new properties.
struct configure_queue {
  std::string name;
  properties in_force;
};

/// End a queue.
struct close_queue {
  std::string name;
};

using registry_effect = std::variant<open_queue, configure_queue, close_queue>;
using registry_effects = std::vector<registry_effect>;

class registry_machine {
public:
  /// @param queues_max  that clients may make; each costs some KiB, also when it is empty
  explicit registry_machine(hook_catalog hooks, std::size_t queues_max = SIZE_MAX)
      : hooks_(std::move(hooks)), queues_max_(queues_max) {}

  /// Makes sure that there is a queue of that name. O(log queues)
  /// Errors: bad_name, over_limit
  result<void> open(std::string_view name, registry_effects& out);

  bool contains(std::string_view name) const { return queues_.find(name) != queues_.end(); }
  std::size_t size() const noexcept { return queues_.size(); }

  /// Errors: no_such_queue
  result<void> remove(std::string_view name, registry_effects& out);

  /// Names that the pattern finds, in order. O(queues)
  /// Errors: bad_pattern
  result<std::vector<std::string>> match(std::string_view expression) const;

  /// The rules, as they were set.
  const std::vector<rule>& rules() const noexcept { return rules_.rules; }

  /// Queues that follow new rules in one step, at most. An actor may take 32 steps in a row before others get
  /// their turn: together some milliseconds.
  static constexpr std::size_t follow_step_max = 16;

  /// Replaces all rules. They hold for whatever is asked or changed from here on; the queues that are there
  /// `follow`, from the first one on, also where they were following other rules. Rules that are the same as
  /// those of now change nothing.
  ///
  /// Errors: bad_pattern, over_limit, unknown_hook, bad_property, bad_name; nothing is changed then
  /// Cost:   compiling the rules, see pattern_list
  result<void> set_rules(std::vector<rule> rules);

  /// Whether there are queues that have not followed the rules of now.
  bool following() const noexcept { return next_.has_value(); }

  /// The next queues follow; those whose properties change by it are told. Nothing, if none has to.
  /// Cost: `follow_step_max` queues; fewer, down to one, where matching the rules is expensive
  void follow(registry_effects& out);

  /// All queues that have not followed do so at once. O(queues)
  void follow_all(registry_effects& out);

  /// In force for a queue of that name, whether or not there is one, and whether or not it has followed.
  /// Errors: bad_name
  result<properties> in_force(std::string_view name) const;

  /// Writes what `change` sets over the queue's own properties; opens the queue if there is none.
  /// Errors: bad_name, over_limit, unknown_hook, bad_property; nothing is changed then
  result<void> patch(std::string_view name, const property_set& change, registry_effects& out);

  /// Forgets the queue's own properties; opens the queue if there is none.
  /// Errors: bad_name, over_limit
  result<void> reset(std::string_view name, registry_effects& out);

  /// Makes these the queue's own properties; opens the queue if there is none, however many there are: that
  /// it exists was decided elsewhere, or in an earlier life.
  /// Errors: bad_name, unknown_hook
  result<void> replace(std::string_view name, const property_set& own, registry_effects& out);

private:
  struct queue {
    property_set own;
    properties in_force;
  };
  using queues = std::map<std::string, queue, std::less<>>;

  struct rule_set {
    std::vector<rule> rules;
    pattern_list patterns; ///< of rules, compiled

    /// What the first rule that finds the name sets; nullptr if none does.
    const property_set* find(std::string_view name) const;
  };

  std::size_t follow_step() const noexcept;
  result<void> check(const property_set& set, std::optional<std::string_view> of) const;
  result<void> check_room(std::string_view name) const;
  result<void> give(std::string_view name, property_set own, registry_effects& out);

  hook_catalog hooks_;
  std::size_t queues_max_;
  queues queues_;
  rule_set rules_;
  std::optional<std::string> next_; ///< the first that has not followed, or its place; nothing: all have
};

} // namespace lmq
