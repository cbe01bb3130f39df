#define CAF_SUITE registry_actor

#include "actors/registry/registry_machine.hpp"
#include "broker_fixture.hpp"

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct fixture : broker_fixture {
  properties in_force(const std::string& name) {
    return ask<properties>(doors.registry, props_atom::value, name).value();
  }

  answer<caf::unit_t> set_rules(std::vector<rule> rules) {
    return ask<caf::unit_t>(doors.registry, set_rules_atom::value, std::move(rules));
  }

  static rule retry_rule(const std::string& pattern, std::uint32_t retry) {
    rule r{pattern, {}};
    r.set.retry = retry;
    return r;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(registry_actor_tests, fixture)

CAF_TEST(a queue is created once and found again) {
  auto first = queue("q");
  CAF_CHECK(queue("q").actor == first.actor);
  CAF_CHECK_EQUAL(*first.name, "q");
  CAF_CHECK(ask<queue_ref>(doors.registry, find_atom::value, std::string{"other"}).why().why ==
            reason::no_such_queue);
  CAF_CHECK(ask<queue_ref>(doors.registry, resolve_atom::value, std::string{"a\nb"}).why().why ==
            reason::bad_name);
}

CAF_TEST(a change of the rules reaches live queues before it is answered) {
  push("jobs", "a");
  CAF_CHECK(!set_rules({retry_rule("^job", 0)}).refused());
  CAF_CHECK_EQUAL(in_force("jobs").retry, 0u);
  CAF_CHECK_EQUAL(ask<queue_report>(queue("jobs").actor, report_atom::value).value().in_force.retry, 0u);
  push("jobs", "b");
  CAF_CHECK_EQUAL(pull("jobs", 0s).value().delivery->retries_left, 2u); // stored before the change
  CAF_CHECK_EQUAL(pull("jobs", 0s).value().delivery->retries_left, 0u);
}

CAF_TEST(while many queues follow new rules others are answered and the change when all have followed) {
  const std::size_t many = 4 * registry_machine::follow_step_max;
  for (std::size_t i = 0; i < many; ++i)
    queue("q" + std::to_string(i));
  auto changed =
    ask_later<caf::unit_t>(doors.registry, set_rules_atom::value, std::vector<rule>{retry_rule("", 7)});
  auto again =
    ask_later<caf::unit_t>(doors.registry, set_rules_atom::value, std::vector<rule>{retry_rule("", 9)});
  auto other = ask_later<queue_ref>(doors.registry, resolve_atom::value, std::string{"q1"});
  while (!other.came())
    CAF_REQUIRE(sched.try_run_once());
  CAF_CHECK(!changed.came());
  while (!changed.came())
    CAF_REQUIRE(sched.try_run_once());
  for (std::size_t i = 0; i < many; ++i) {
    auto name = "q" + std::to_string(i);
    CAF_CHECK_EQUAL(ask<queue_report>(queue(name).actor, report_atom::value).value().in_force.retry, 9u);
  }
  CAF_CHECK(again.came() && !again.refused());
}

CAF_TEST(rules that come from elsewhere are followed by all queues at once) {
  const std::size_t many = 4 * registry_machine::follow_step_max;
  for (std::size_t i = 0; i < many; ++i)
    queue("q" + std::to_string(i));
  auto replaced =
    ask_later<caf::unit_t>(doors.registry, replace_atom::value, std::vector<rule>{retry_rule("", 7)});
  auto q = queue("q1").actor;
  auto report = ask<queue_report>(q, report_atom::value);
  CAF_CHECK(replaced.came() && !replaced.refused());
  CAF_CHECK_EQUAL(report.value().in_force.retry, 7u);
}

CAF_TEST(the first rule that matches is the only one that counts) {
  rule first{"a", {}};
  first.set.accum = 1s;
  set_rules({first, retry_rule("a", 9)});
  CAF_CHECK_EQUAL(in_force("a").retry, 2u);
  CAF_CHECK(in_force("a").accum == 1s);
}

CAF_TEST(a bad expression among the rules changes nothing) {
  set_rules({retry_rule("a", 5)});
  CAF_CHECK(set_rules({retry_rule("b", 1), retry_rule("(", 1)}).why().why == reason::bad_pattern);
  CAF_CHECK_EQUAL(ask<std::vector<rule>>(doors.registry, rules_atom::value).value().size(), 1u);
  CAF_CHECK_EQUAL(in_force("a").retry, 5u);
}

CAF_TEST(own properties merge and win over rules until they are reset) {
  set_rules({retry_rule("q", 5)});
  property_set own;
  own.retry = 7;
  patch("q", own);
  property_set more;
  more.timeout = 1s;
  patch("q", more);
  CAF_CHECK_EQUAL(in_force("q").retry, 7u);
  CAF_CHECK(in_force("q").timeout == 1s);
  ask<caf::unit_t>(doors.registry, reset_atom::value, std::string{"q"});
  CAF_CHECK_EQUAL(in_force("q").retry, 5u);
  CAF_CHECK(in_force("q").timeout == 30s);
}

CAF_TEST(asking for properties creates nothing and setting them does) {
  in_force("ghost");
  CAF_CHECK(ask<queue_ref>(doors.registry, find_atom::value, std::string{"ghost"}).refused());
  patch("ghost", {});
  CAF_CHECK(!ask<queue_ref>(doors.registry, find_atom::value, std::string{"ghost"}).refused());
}

CAF_TEST(headers are wanted exactly while hooks are set) {
  auto q = queue("q");
  CAF_CHECK(!*q.wants_headers);
  property_set hooks;
  hooks.hooks = hook_settings{{"pre_http_push", {{"lmq_hook_preserve_header", {"user-agent"}}}}};
  patch("q", hooks);
  CAF_CHECK(*q.wants_headers);
  ask<caf::unit_t>(doors.registry, reset_atom::value, std::string{"q"});
  CAF_CHECK(!*q.wants_headers);
}

CAF_TEST(matching names come sorted and the empty expression finds all) {
  for (const auto* name : {"b", "a", "c1", "c2"})
    queue(name);
  auto all = ask<std::vector<queue_ref>>(doors.registry, match_atom::value, std::string{}).value();
  CAF_REQUIRE_EQUAL(all.size(), 4u);
  CAF_CHECK_EQUAL(*all[0].name, "a");
  CAF_CHECK_EQUAL(
    ask<std::vector<queue_ref>>(doors.registry, match_atom::value, std::string{"^c"}).value().size(), 2u);
  CAF_CHECK(ask<std::vector<queue_ref>>(doors.registry, match_atom::value, std::string{"["}).why().why ==
            reason::bad_pattern);
}

CAF_TEST_FIXTURE_SCOPE_END()
