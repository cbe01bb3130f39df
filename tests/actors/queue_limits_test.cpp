// What a queue may hold: pushes beyond are refused before anything of them is there, and nothing else ever
// is.
#define CAF_SUITE queue_limits

#include "queue_driver.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

properties with_max_messages(std::uint64_t most) {
  properties p;
  p.max_messages = most;
  return p;
}

properties with_max_bytes(std::uint64_t most) {
  properties p;
  p.max_bytes = most;
  return p;
}

bool is_full(const result<push_outcome>& r) {
  return !r && r.error().why == reason::queue_full;
}

/// A unit as another home holds it.
held_unit from_elsewhere(message_id id, const std::string& body) {
  return {id, message{payload::copy_of("t", body), nullptr}, {0, 2, false, {}, std::nullopt}, std::nullopt};
}

} // namespace

CAF_TEST(without a limit or with one of 0 nothing is refused) {
  for (auto p : {properties{}, with_max_messages(0), with_max_bytes(0)}) {
    queue_driver q{p};
    for (int i = 0; i < 100; ++i)
      CAF_CHECK(q.try_push("x"));
  }
}

CAF_TEST(ready and leased messages count and what is settled makes room) {
  queue_driver q{with_max_messages(2)};
  q.push("a");
  q.push("b");
  auto refused = q.try_push("c");
  CAF_REQUIRE(is_full(refused));
  CAF_CHECK(refused.error().detail.find("max_messages is 2") != std::string::npos);
  auto lease = q.pull_now().lease;
  CAF_CHECK(is_full(q.try_push("c")));
  CAF_CHECK(q.ack(lease));
  CAF_CHECK(q.try_push("d"));
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK_EQUAL(q.body_now(), "d"); // c never comes
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
}

CAF_TEST(a refused push records nothing) {
  queue_driver q{with_max_messages(1), {home_tag{1}, true}};
  q.push("a");
  q.recorded.clear();
  CAF_CHECK(is_full(q.try_push_as({9, 9}, "b")));
  CAF_CHECK(q.recorded.empty());
  CAF_CHECK(!q.machine.holds({9, 9}));
}

CAF_TEST(a message that is here is not refused when it is pushed again) {
  queue_driver q{with_max_messages(1), {home_tag{1}, true}};
  CAF_CHECK(q.try_push_as({9, 9}, "a"));
  CAF_CHECK(q.try_push_as({9, 9}, "a") == push_outcome::stored);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 1u);
}

CAF_TEST(a window is one message and a push that joins it is none) {
  auto p = with_max_messages(2);
  p.accum = 1s;
  queue_driver q{p};
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(q.try_push("x"));
  q.advance(1s);
  CAF_CHECK(q.try_push("opens another"));
  CAF_CHECK(q.try_push("joins it"));
  q.advance(1s);
  CAF_CHECK(is_full(q.try_push("would open a third")));
}

CAF_TEST(bytes are counted with what is kept beside a message) {
  queue_driver q{properties{}};
  q.push(std::string(10'000, 'x'));
  auto one = q.machine.sizes().memory_bytes;
  q.configure(with_max_bytes(2 * one));
  CAF_CHECK(q.try_push(std::string(10'000, 'y')));
  auto refused = q.try_push("z");
  CAF_REQUIRE(is_full(refused));
  CAF_CHECK(refused.error().detail.find("max_bytes is " + std::to_string(2 * one)) != std::string::npos);
  CAF_CHECK(q.ack(q.pull_now().lease));
  CAF_CHECK(q.try_push("z"));
}

CAF_TEST(exactly as many bytes as memory counts fit in) {
  for (bool records : {false, true})
    for (auto window : {0s, 1s}) {
      properties p;
      p.accum = window;
      queue_driver measured{p, {home_tag{1}, records}};
      measured.push(std::string(500, 'x'));
      auto first = measured.machine.sizes().memory_bytes;
      measured.push(std::string(500, 'x'));
      auto both = measured.machine.sizes().memory_bytes;
      p.max_bytes = first - 1;
      queue_driver q{p, {home_tag{1}, records}};
      auto refused = q.try_push(std::string(500, 'x'));
      CAF_CHECK(is_full(refused));
      CAF_CHECK(refused.error().detail.find("push a smaller one") != std::string::npos);
      p.max_bytes = both;
      q.configure(p);
      CAF_CHECK(q.try_push(std::string(500, 'x')));
      CAF_CHECK(q.try_push(std::string(500, 'x')));
      CAF_CHECK(is_full(q.try_push("")));
      CAF_CHECK_EQUAL(q.machine.sizes().memory_bytes, both);
    }
}

CAF_TEST(bodies that were put away count until they are settled) {
  queue_driver q{properties{}, {home_tag{1}, true}};
  q.push_as({9, 1}, std::string(10'000, 'x'));
  auto one = q.machine.sizes().memory_bytes;
  q.machine.put_away({{9, 1}});
  CAF_CHECK(q.machine.sizes().memory_bytes < 1'000);
  q.configure(with_max_bytes(2 * one - 1));
  CAF_CHECK(is_full(q.try_push(std::string(10'000, 'y'))));
  CAF_CHECK(q.ack(q.pull_now().lease));
  CAF_CHECK(q.try_push(std::string(10'000, 'y')));
}

CAF_TEST(a message that nobody will get takes no room) {
  auto p = with_max_messages(1);
  p.retry = 0;
  p.timeout = 1s;
  queue_driver q{p};
  q.push("a");
  CAF_CHECK_EQUAL(q.body_now(), "a");
  CAF_CHECK(is_full(q.try_push("b")));
  q.advance(1s);
  CAF_CHECK(q.try_push("b"));
  CAF_CHECK_EQUAL(q.body_now(), "b");
}

CAF_TEST(redelivery and nack go on in a queue beyond its limit) {
  queue_driver q{properties{}};
  for (auto* body : {"a", "b", "c"})
    q.push(body);
  auto lease = q.pull_now().lease;
  q.configure(with_max_messages(1));
  CAF_CHECK(is_full(q.try_push("d")));
  CAF_CHECK(q.nack(lease));
  for (auto* body : {"b", "c", "a"})
    CAF_CHECK_EQUAL(q.body_now(), body);
  q.advance(60s);
  for (auto* body : {"b", "c", "a"})
    CAF_CHECK_EQUAL(q.body_now(), body);
}

CAF_TEST(what comes from another copy is taken in beyond the limit) {
  queue_driver q{with_max_messages(1), {home_tag{1}, true}};
  q.push("a");
  effects out;
  q.machine.adopt(from_elsewhere({9, 1}, "b"), q.now, out);
  q.machine.adopt(from_elsewhere({9, 2}, "c"), q.now, out);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 3u);
  CAF_CHECK(is_full(q.try_push("d")));
}
