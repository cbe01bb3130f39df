// Which queues there are and which properties are in force for each: by sentence, and against a naive
// registry.
#define CAF_SUITE registry_machine

#include "actors/registry/registry_machine.hpp"
#include "dice.hpp"

#include <caf/test/unit_test.hpp>
#include <map>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

property_set retry(std::uint32_t n) {
  property_set s;
  s.retry = n;
  return s;
}

property_set timeout(milliseconds t) {
  property_set s;
  s.timeout = t;
  return s;
}

property_set hooks(const std::string& name) {
  property_set s;
  s.hooks = hook_settings{{"pre_http_push", {{name, {"user-agent"}}}}};
  return s;
}

std::string text(const properties& p) {
  return " retry " + std::to_string(p.retry) + " timeout " + std::to_string(p.timeout.count());
}
std::string line(const open_queue& x) {
  return "open " + x.name + text(x.in_force);
}
std::string line(const configure_queue& x) {
  return "configure " + x.name + text(x.in_force);
}
std::string line(const close_queue& x) {
  return "close " + x.name;
}

/// Effects of the last verb as lines; a refusal as its reason.
struct driver {
  registry_machine machine{hook_catalog::built_in()};
  std::optional<reason> refused;

  lines open(const std::string& name) {
    return said([&](auto& out) { return machine.open(name, out); });
  }
  lines remove(const std::string& name) {
    return said([&](auto& out) { return machine.remove(name, out); });
  }
  lines set_rules(std::vector<rule> rules) {
    return said([&](auto& out) {
      auto set = machine.set_rules(std::move(rules));
      machine.follow_all(out);
      return set;
    });
  }
  /// Only the rules; queues are still to follow.
  void begin_rules(std::vector<rule> rules) {
    said([&](auto&) { return machine.set_rules(std::move(rules)); });
  }
  lines follow() {
    return said([&](auto& out) {
      machine.follow(out);
      return result<void>{};
    });
  }
  lines patch(const std::string& name, const property_set& change) {
    return said([&](auto& out) { return machine.patch(name, change, out); });
  }
  lines replace(const std::string& name, const property_set& own) {
    return said([&](auto& out) { return machine.replace(name, own, out); });
  }
  lines reset(const std::string& name) {
    return said([&](auto& out) { return machine.reset(name, out); });
  }

  lines match(const std::string& expression) const { return machine.match(expression).value(); }
  properties in_force(const std::string& name) const { return machine.in_force(name).value(); }

private:
  template <class Verb>
  lines said(Verb verb) {
    registry_effects out;
    auto r = verb(out);
    refused = r ? std::nullopt : std::optional{r.error().why};
    lines all;
    for (const auto& e : out)
      all.push_back(std::visit([](const auto& x) { return line(x); }, e));
    if (refused)
      CAF_CHECK_EQUAL(all, lines{});
    return all;
  }
};

} // namespace

// -- queues

CAF_TEST(a queue is opened once) {
  driver d;
  CAF_CHECK_EQUAL(d.open("a"), lines{"open a retry 2 timeout 30000"});
  CAF_CHECK_EQUAL(d.open("a"), lines{});
  CAF_CHECK(!d.refused);
  CAF_CHECK(d.machine.contains("a"));
  CAF_CHECK_EQUAL(d.machine.size(), 1u);
}

CAF_TEST(a bad name is refused by every verb that would make a queue) {
  driver d;
  for (auto name : {std::string{}, std::string(256, 'a'), std::string{"a\nb"}}) {
    d.open(name);
    CAF_CHECK(d.refused == reason::bad_name);
    d.patch(name, retry(1));
    CAF_CHECK(d.refused == reason::bad_name);
    d.reset(name);
    CAF_CHECK(d.refused == reason::bad_name);
    CAF_CHECK(d.machine.in_force(name).error().why == reason::bad_name);
  }
  CAF_CHECK_EQUAL(d.machine.size(), 0u);
}

CAF_TEST(a removed queue is closed and its own properties are forgotten) {
  driver d;
  d.patch("a", retry(7));
  CAF_CHECK_EQUAL(d.remove("a"), lines{"close a"});
  CAF_CHECK(!d.machine.contains("a"));
  CAF_CHECK_EQUAL(d.open("a"), lines{"open a retry 2 timeout 30000"});
}

CAF_TEST(a queue that is not there cannot be removed) {
  driver d;
  d.remove("a");
  CAF_CHECK(d.refused == reason::no_such_queue);
  d.open("a");
  d.remove("a");
  d.remove("a");
  CAF_CHECK(d.refused == reason::no_such_queue);
}

CAF_TEST(a pattern matches names anywhere and in order) {
  driver d;
  for (auto name : {"b1", "a2", "a1", "c"})
    d.open(name);
  CAF_CHECK_EQUAL(d.match("1"), (lines{"a1", "b1"}));
  CAF_CHECK_EQUAL(d.match("^a"), (lines{"a1", "a2"}));
  CAF_CHECK_EQUAL(d.match(""), (lines{"a1", "a2", "b1", "c"}));
  CAF_CHECK_EQUAL(d.match("x"), lines{});
  CAF_CHECK(d.machine.match("(").error().why == reason::bad_pattern);
}

// -- properties

CAF_TEST(a queue that is not there has the properties it would have) {
  driver d;
  CAF_CHECK(d.in_force("a") == properties{});
  d.set_rules({{"^a", retry(9)}});
  CAF_CHECK_EQUAL(d.in_force("a").retry, 9u);
  CAF_CHECK_EQUAL(d.in_force("b").retry, 2u);
  CAF_CHECK_EQUAL(d.machine.size(), 0u);
}

CAF_TEST(a patch creates the queue with what it sets) {
  driver d;
  auto said = d.patch("a", retry(7));
  CAF_REQUIRE(!said.empty());
  CAF_CHECK_EQUAL(said.front().substr(0, 6), "open a");
  CAF_CHECK_EQUAL(said.back().substr(said.back().find(" retry")), " retry 7 timeout 30000");
}

CAF_TEST(patches add up) {
  driver d;
  d.open("a");
  CAF_CHECK_EQUAL(d.patch("a", retry(7)), lines{"configure a retry 7 timeout 30000"});
  CAF_CHECK_EQUAL(d.patch("a", timeout(5s)), lines{"configure a retry 7 timeout 5000"});
}

CAF_TEST(a patch that changes nothing tells nobody) {
  driver d;
  d.open("a");
  CAF_CHECK_EQUAL(d.patch("a", {}), lines{});
  CAF_CHECK_EQUAL(d.patch("a", retry(2)), lines{});
  CAF_CHECK(!d.refused);
}

CAF_TEST(a value that was set stays the queues own even if a rule says the same) {
  driver d;
  d.patch("a", retry(2)); // the default, but now its own
  d.set_rules({{"a", retry(9)}});
  CAF_CHECK_EQUAL(d.in_force("a").retry, 2u);
}

CAF_TEST(a reset leaves rule and default and creates the queue) {
  driver d;
  d.set_rules({{"a", retry(9)}});
  d.patch("a", retry(7));
  CAF_CHECK_EQUAL(d.reset("a"), lines{"configure a retry 9 timeout 30000"});
  CAF_CHECK_EQUAL(d.reset("a"), lines{});
  CAF_CHECK_EQUAL(d.reset("b"), lines{"open b retry 2 timeout 30000"});
}

// -- rules

CAF_TEST(only the first rule that matches counts and for all keys) {
  driver d;
  d.set_rules({{"^a", retry(9)}, {"", timeout(5s)}});
  CAF_CHECK_EQUAL(d.open("a"), lines{"open a retry 9 timeout 30000"});
  CAF_CHECK_EQUAL(d.open("b"), lines{"open b retry 2 timeout 5000"});
}

CAF_TEST(new rules reach the live queues that they change and no other) {
  driver d;
  d.open("a");
  d.open("b");
  d.patch("c", retry(1));
  CAF_CHECK_EQUAL(d.set_rules({{"a|c", retry(9)}}), lines{"configure a retry 9 timeout 30000"});
  CAF_CHECK_EQUAL(d.set_rules({{"a|c", retry(9)}}), lines{});
  CAF_CHECK_EQUAL(d.set_rules({}), lines{"configure a retry 2 timeout 30000"});
}

CAF_TEST(live queues follow new rules so many in a step and in order) {
  driver d;
  const auto step = registry_machine::follow_step_max;
  for (std::size_t i = 0; i < 2 * step + 1; ++i)
    d.open("q" + std::to_string(100 + i));
  d.begin_rules({{"q", retry(9)}});
  CAF_CHECK(d.machine.following());
  for (std::size_t i = 0; i < 3; ++i) {
    CAF_CHECK(d.machine.following());
    auto said = d.follow();
    CAF_CHECK_EQUAL(said.size(), i < 2 ? step : 1);
    CAF_CHECK_EQUAL(said.front(), "configure q" + std::to_string(100 + i * step) + " retry 9 timeout 30000");
  }
  CAF_CHECK(!d.machine.following());
  CAF_CHECK_EQUAL(d.follow(), lines{});
}

CAF_TEST(fewer queues follow in a step where the rules are large but never none) {
  driver d;
  for (int i = 0; i < 20; ++i)
    d.open("q" + std::to_string(i));
  std::vector<rule> rules;
  for (std::size_t i = 0; i < 90; ++i)
    rules.push_back({std::string(1000, 'x'), {}});
  rules.push_back({"", retry(9)});
  d.begin_rules(rules);
  CAF_CHECK_EQUAL(d.follow().size(), 1u);
}

CAF_TEST(what is asked while queues follow is answered by the new rules) {
  driver d;
  for (std::size_t i = 0; i < 2 * registry_machine::follow_step_max; ++i)
    d.open("q" + std::to_string(100 + i));
  d.begin_rules({{"", retry(9)}});
  CAF_CHECK_EQUAL(d.in_force("q100").retry, 9u);
  d.follow();
  CAF_CHECK_EQUAL(d.in_force("q100").retry, 9u);
  CAF_CHECK_EQUAL(d.in_force("q131").retry, 9u);
  CAF_CHECK_EQUAL(d.in_force("ghost").retry, 9u);
  CAF_CHECK_EQUAL(d.open("late"), lines{"open late retry 9 timeout 30000"});
  CAF_CHECK_EQUAL(d.patch("q131", timeout(5s)), lines{"configure q131 retry 9 timeout 5000"});
  CAF_CHECK_EQUAL(d.remove("q116"), lines{"close q116"});
  // All but those two; the one that is patched is told already.
  CAF_CHECK_EQUAL(d.follow().size(), registry_machine::follow_step_max - 2);
  CAF_CHECK(!d.machine.following());
}

CAF_TEST(rules that come while queues follow others are followed by all from the first on) {
  driver d;
  for (std::size_t i = 0; i < 2 * registry_machine::follow_step_max; ++i)
    d.open("q" + std::to_string(100 + i));
  d.begin_rules({{"", retry(9)}});
  d.follow();
  d.begin_rules({{"", retry(8)}});
  auto first = d.follow();
  CAF_CHECK_EQUAL(first.front(), "configure q100 retry 8 timeout 30000");
  auto second = d.follow();
  CAF_CHECK_EQUAL(second.back(), "configure q131 retry 8 timeout 30000");
  CAF_CHECK(!d.machine.following());
}

CAF_TEST(a refused change or the same rules again leave the queues following as they were) {
  driver d;
  for (std::size_t i = 0; i < 2 * registry_machine::follow_step_max; ++i)
    d.open("q" + std::to_string(100 + i));
  d.begin_rules({{"", retry(9)}});
  d.follow();
  d.begin_rules({{"(", retry(1)}});
  CAF_CHECK(d.refused == reason::bad_pattern);
  d.begin_rules({{"", retry(9)}});
  CAF_CHECK(!d.refused);
  auto second = d.follow();
  CAF_CHECK_EQUAL(second.front(), "configure q116 retry 9 timeout 30000");
  CAF_CHECK(!d.machine.following());
  d.begin_rules({{"", retry(9)}});
  CAF_CHECK(!d.machine.following());
}

CAF_TEST(rules are told as they were set) {
  driver d;
  std::vector<rule> rules{{"b", retry(1)}, {"a", timeout(5s)}, {"b", {}}};
  d.set_rules(rules);
  CAF_CHECK(d.machine.rules() == rules);
  d.set_rules({});
  CAF_CHECK(d.machine.rules().empty());
}

CAF_TEST(one bad rule leaves all as it was) {
  driver d;
  d.open("a");
  d.set_rules({{"a", retry(9)}});
  d.set_rules({{"a", retry(1)}, {"(", retry(2)}});
  CAF_CHECK(d.refused == reason::bad_pattern);
  d.set_rules({{"a", retry(1)}, {"b", hooks("no_such_hook")}});
  CAF_CHECK(d.refused == reason::unknown_hook);
  CAF_CHECK_EQUAL(d.in_force("a").retry, 9u);
  CAF_CHECK_EQUAL(d.machine.rules().size(), 1u);
}

CAF_TEST(clients may make so many queues and not one more but what exists elsewhere is not refused) {
  driver d;
  d.machine = registry_machine{hook_catalog::built_in(), 2};
  d.open("a");
  d.patch("b", retry(9));
  CAF_CHECK(!d.refused);
  d.open("c");
  CAF_CHECK(d.refused == reason::over_limit);
  d.patch("c", retry(1));
  CAF_CHECK(d.refused == reason::over_limit);
  d.reset("c");
  CAF_CHECK(d.refused == reason::over_limit);
  d.open("a");
  CAF_CHECK(!d.refused);
  d.patch("a", retry(1));
  CAF_CHECK(!d.refused);
  d.replace("c", {});
  CAF_CHECK(!d.refused);
  d.remove("a");
  d.open("d");
  CAF_CHECK(d.refused == reason::over_limit);
  d.remove("b");
  d.open("d");
  CAF_CHECK(!d.refused);
  CAF_CHECK_EQUAL(d.machine.size(), 2u);
}

CAF_TEST(there may be so many rules and not one more) {
  driver d;
  d.set_rules(std::vector<rule>(property_limits::rules_max, rule{"a", {}}));
  CAF_CHECK(!d.refused);
  d.set_rules(std::vector<rule>(property_limits::rules_max + 1, rule{"a", {}}));
  CAF_CHECK(d.refused == reason::over_limit);
  CAF_CHECK_EQUAL(d.machine.rules().size(), property_limits::rules_max);
}

CAF_TEST(rules that are too large together when compiled are refused) {
  driver d;
  d.set_rules({{"a", retry(9)}});
  d.set_rules(std::vector<rule>(property_limits::rules_max, rule{"^[a-z]{1,60}-[0-9]{1,10}$", {}}));
  CAF_CHECK(d.refused == reason::over_limit);
  CAF_CHECK_EQUAL(d.machine.rules().size(), 1u);
}

CAF_TEST(a patch with an unknown hook changes nothing and makes no queue) {
  driver d;
  auto change = hooks("no_such_hook");
  change.retry = 7;
  d.patch("a", change);
  CAF_CHECK(d.refused == reason::unknown_hook);
  CAF_CHECK(!d.machine.contains("a"));
  d.patch("a", hooks("lmq_hook_preserve_header"));
  CAF_CHECK(!d.refused);
  CAF_CHECK(d.in_force("a").hooks == hooks("lmq_hook_preserve_header").hooks);
}

// -- against a naive registry

namespace {

/// Own properties and rules; what is in force is worked out anew whenever it is asked for.
struct naive_registry {
  std::map<std::string, property_set> own;
  std::vector<rule> rules;
  std::map<std::string, pattern> patterns; ///< compiled, by text

  bool finds(const std::string& expression, const std::string& name) {
    auto it = patterns.find(expression);
    if (it == patterns.end())
      it = patterns.emplace(expression, *pattern::compile(expression)).first;
    return it->second.finds(name);
  }

  properties in_force(const std::string& name) {
    auto it = own.find(name);
    for (const auto& r : rules)
      if (finds(r.pattern, name))
        return effective(it == own.end() ? property_set{} : it->second, &r.set);
    return effective(it == own.end() ? property_set{} : it->second, nullptr);
  }
};

property_set random_set(dice& random) {
  property_set s;
  if (random.one_in(2))
    s.retry = static_cast<std::uint32_t>(random.below(3));
  if (random.one_in(2))
    s.timeout = milliseconds{random.below(3)};
  if (random.one_in(4))
    s.accum = milliseconds{random.below(2)};
  return s;
}

/// Queues as those hear of them who carry out the effects.
void carry_out(const registry_effects& out, std::map<std::string, properties>& live) {
  for (const auto& e : out) {
    if (const auto* x = std::get_if<open_queue>(&e))
      live.emplace(x->name, x->in_force);
    else if (const auto* y = std::get_if<configure_queue>(&e))
      live.at(y->name) = y->in_force;
    else
      live.erase(std::get<close_queue>(e).name);
  }
}

std::optional<std::string> compare_registries(std::uint64_t seed, step_log*) {
  dice random(seed);
  registry_machine machine{hook_catalog::built_in()};
  naive_registry naive;
  std::map<std::string, properties> live;
  // More than follow in one step.
  std::vector<std::string> names{"a1", "a2", "b1", "b2"};
  for (std::size_t i = 0; i < 2 * registry_machine::follow_step_max; ++i) {
    names.push_back("c" + std::to_string(i));
    registry_effects out;
    (void)machine.open(names.back(), out);
    naive.own[names.back()];
    carry_out(out, live);
  }
  const std::vector<std::string> expressions{"", "a", "1$", "^b2$", "x", "^c"};
  for (int i = 0; i < 40; ++i) {
    registry_effects out;
    const auto& name = random.one_of(names);
    auto set = random_set(random);
    switch (random.below(7)) {
    case 0:
      (void)machine.open(name, out);
      naive.own[name];
      break;
    case 1:
      if (machine.remove(name, out).has_value() != (naive.own.erase(name) > 0))
        return "remove " + name;
      break;
    case 2:
      (void)machine.patch(name, set, out);
      merge(naive.own[name], set);
      break;
    case 3:
      (void)machine.reset(name, out);
      naive.own[name] = {};
      break;
    case 4:
      naive.rules.clear();
      for (auto n = random.below(4); n > 0; --n)
        naive.rules.push_back({random.one_of(expressions), random_set(random)});
      (void)machine.set_rules(naive.rules);
      break;
    default: machine.follow(out);
    }
    carry_out(out, live);
    for (const auto& each : names) {
      bool there = naive.own.count(each) != 0;
      if (machine.contains(each) != there || (live.count(each) != 0) != there)
        return each + " is there according to one of them only";
      if (*machine.in_force(each) != naive.in_force(each))
        return "in force for " + each;
      if (there && !machine.following() && live.at(each) != naive.in_force(each))
        return each + " was not told of its properties";
    }
  }
  return std::nullopt;
}

} // namespace

CAF_TEST(a queue is not its own queue of dead letters) {
  registry_machine m{hook_catalog{}};
  registry_effects out;
  property_set to_dead;
  to_dead.dead_letter = "dead";
  CAF_CHECK(m.set_rules({{"", to_dead}}).has_value());
  CAF_CHECK_EQUAL(m.in_force("q")->dead_letter.value_or("none"), "dead");
  CAF_CHECK_EQUAL(m.in_force("dead")->dead_letter.value_or("none"), "none");
  CAF_CHECK(m.open("dead", out).has_value());
  CAF_CHECK_EQUAL(m.in_force("dead")->dead_letter.value_or("none"), "none");
  CAF_CHECK(m.patch("dead", to_dead, out).error().why == reason::bad_property);
  to_dead.dead_letter = "a\nb";
  CAF_CHECK(m.patch("q", to_dead, out).error().why == reason::bad_name);
  CAF_CHECK(m.set_rules({{"", to_dead}}).error().why == reason::bad_name);
  to_dead.dead_letter = "";
  CAF_CHECK(m.patch("q", to_dead, out).has_value());
  CAF_CHECK_EQUAL(m.in_force("q")->dead_letter.value_or("none"), "");
}

CAF_TEST(live queues always have the properties that a naive registry works out) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  auto failure = failure_in_runs(seed, 200, compare_registries);
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
}
