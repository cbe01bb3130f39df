// Per-queue settings: whose value counts, what a change changes, and which names a queue may have.
#define CAF_SUITE properties

#include "core/properties.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

property_set everything(milliseconds accum, std::uint32_t retry, milliseconds timeout,
                        const std::string& hook) {
  property_set s;
  s.accum = accum;
  s.retry = retry;
  s.timeout = timeout;
  s.hooks = hook_settings{{"pre_http_push", {{hook, {"x"}}}}};
  return s;
}

bool refused(const std::string& name) {
  auto r = check_queue_name(name);
  return !r && r.error().why == reason::bad_name && !r.error().detail.empty();
}

bool accepted(const std::string& name) {
  return check_queue_name(name).has_value();
}

} // namespace

CAF_TEST(the system default is no window and two retries and thirty seconds) {
  auto p = effective({}, nullptr);
  CAF_CHECK(p.accum == 0s);
  CAF_CHECK_EQUAL(p.retry, 2u);
  CAF_CHECK(p.timeout == 30s);
  CAF_CHECK(!p.hooks);
  CAF_CHECK(p == properties{});
}

CAF_TEST(a rule goes before the system default) {
  auto rule = everything(1s, 5, 500ms, "h");
  auto p = effective({}, &rule);
  CAF_CHECK(p.accum == 1s);
  CAF_CHECK_EQUAL(p.retry, 5u);
  CAF_CHECK(p.timeout == 500ms);
  CAF_CHECK(p.hooks == rule.hooks);
}

CAF_TEST(a queues own value goes before the rule) {
  auto rule = everything(1s, 5, 500ms, "of the rule");
  auto own = everything(2s, 6, 600ms, "of the queue");
  auto p = effective(own, &rule);
  CAF_CHECK(p.accum == 2s);
  CAF_CHECK_EQUAL(p.retry, 6u);
  CAF_CHECK(p.timeout == 600ms);
  CAF_CHECK(p.hooks == own.hooks);
}

CAF_TEST(each key is looked up for itself) {
  property_set rule;
  rule.retry = 5;
  rule.timeout = 500ms;
  property_set own;
  own.timeout = 600ms;
  auto p = effective(own, &rule);
  CAF_CHECK(p.accum == 0s);
  CAF_CHECK_EQUAL(p.retry, 5u);
  CAF_CHECK(p.timeout == 600ms);
  CAF_CHECK(!p.hooks);
}

CAF_TEST(a value of zero is a value) {
  auto rule = everything(1s, 5, 500ms, "h");
  property_set own;
  own.accum = 0ms;
  own.retry = 0;
  own.timeout = 0ms;
  own.hooks = hook_settings{};
  auto p = effective(own, &rule);
  CAF_CHECK(p.accum == 0s);
  CAF_CHECK_EQUAL(p.retry, 0u);
  CAF_CHECK(p.timeout == 0s);
  CAF_CHECK(p.hooks && p.hooks->empty());
}

CAF_TEST(an empty rule leaves the system default) {
  property_set rule;
  CAF_CHECK(effective({}, &rule) == properties{});
}

CAF_TEST(a merge writes what the change sets and keeps the rest) {
  auto into = everything(1s, 5, 500ms, "h");
  property_set change;
  change.retry = 0;
  merge(into, change);
  CAF_CHECK(into.accum == 1s);
  CAF_CHECK(into.retry == 0u);
  CAF_CHECK(into.timeout == 500ms);
  CAF_CHECK(into.hooks == everything(1s, 5, 500ms, "h").hooks);
}

CAF_TEST(an empty change changes nothing) {
  auto into = everything(1s, 5, 500ms, "h");
  merge(into, {});
  CAF_CHECK(into == everything(1s, 5, 500ms, "h"));
  property_set empty;
  merge(empty, {});
  CAF_CHECK(empty == property_set{});
}

CAF_TEST(a merge replaces all hooks and not some) {
  auto into = everything(1s, 5, 500ms, "old");
  property_set change;
  change.hooks = hook_settings{{"pre_http_push", {{"new", {}}}}};
  merge(into, change);
  CAF_CHECK(into.hooks == change.hooks);
}

CAF_TEST(a queue name has 1 to 255 bytes) {
  CAF_CHECK(refused(""));
  CAF_CHECK(accepted("a"));
  CAF_CHECK(accepted(std::string(255, 'a')));
  CAF_CHECK(refused(std::string(256, 'a')));
  CAF_CHECK(refused(std::string(100'000, 'a')));
}

CAF_TEST(any byte but a control character may stand in a queue name) {
  std::size_t wrong = 0;
  for (int c = 0; c < 256; ++c) {
    auto name = std::string("a") + static_cast<char>(c) + "b";
    bool control = c < 32 || c == 127;
    wrong += control ? !refused(name) : !accepted(name);
    wrong += control ? !refused(std::string(1, static_cast<char>(c)))
                     : !accepted(std::string(1, static_cast<char>(c)));
  }
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(names that a regex or a path would read otherwise are ordinary names) {
  for (auto name : {"a/b", "..", ".*", "%2F", "schema", "__lmq_info__", " ", "\xc3\xa4"})
    CAF_CHECK(accepted(name));
}
