// The reply sink: every reply reaches its handler, once, on the sink's thread, or is unclaimed.
#define CAF_SUITE reply_sink

#include <caf/test/unit_test.hpp>

#include "tests/event_loop/sink_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

using typed_echo = caf::typed_actor<caf::replies_to<int>::with<int>>;

typed_echo::behavior_type typed(typed_echo::pointer) {
  return {[](int x) { return x + 1; }};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(reply_sink_tests, sink_fixture)

CAF_TEST(a reply reaches its handler with the tag of its request in the same turn) {
  auto a = l.spawn(echo);
  on_unit([&] {
    ear = new listener(2);
    s->ask(a, ear, 7, 70);
    s->ask(a, ear, 8, 80);
    CAF_CHECK_EQUAL(s->open_slots(), 2u);
    l.unit().flush();
    CAF_REQUIRE_EQUAL(ear->replies.size(), 2u);
    CAF_CHECK_EQUAL(ear->replies[0].tag, 7u);
    CAF_CHECK_EQUAL(ear->replies[0].value, 70);
    CAF_CHECK_EQUAL(ear->replies[1].tag, 8u);
    CAF_CHECK_EQUAL(ear->replies[1].value, 80);
    CAF_CHECK_EQUAL(s->open_slots(), 0u);
  });
  end(a);
}

CAF_TEST(a typed actor and a bare actor pointer can be asked) {
  auto t = l.spawn(typed);
  on_unit([&] {
    ear = new listener(2);
    s->ask(t, ear, 1, 1);
    s->ask(caf::actor_cast<caf::strong_actor_ptr>(t), ear, 2, 2);
  });
  hear();
  on_unit([&] { CAF_CHECK_EQUAL(ear->replies.back().value, 3); });
  end(caf::actor_cast<caf::actor>(t));
}

CAF_TEST(a request to an actor that has ended comes back as an error but never from within ask) {
  auto a = dead();
  on_unit([&] {
    ear = new listener;
    s->ask(a, ear, 1, 1);
    CAF_CHECK(ear->replies.empty());
  });
  hear();
  on_unit([&] { CAF_CHECK_EQUAL(ear->error, caf::sec::request_receiver_down); });
}

CAF_TEST(a handler that asks again on each bounced request does not pile up on the stack) {
  constexpr std::size_t times = 100000;
  auto a = dead();
  on_unit([&] {
    ear = new listener(times);
    ear->then = [&, self = ear.get()] {
      if (self->left > 1)
        s->ask(a, self, 1, 1);
    };
    s->ask(a, ear, 1, 1);
  });
  hear();
  on_unit([&] {
    CAF_CHECK_EQUAL(ear->replies.size(), times);
    ear->then = nullptr;
  });
}

CAF_TEST(replies from other threads reach their handlers on the thread of the sink) {
  constexpr int count = 20000;
  auto d = l.spawn<caf::detached>(echo);
  auto other = l.spawn(echo);
  on_unit([&] {
    ear = new listener(2 * count);
    for (int i = 0; i < count; ++i) {
      s->ask(d, ear, static_cast<std::uint64_t>(i), i);
      // Woken from the main thread's point of view: the scheduler may put it on the second unit.
      auto id = s->open(ear, static_cast<std::uint64_t>(i));
      caf::actor_cast<caf::abstract_actor*>(other)->enqueue(caf::make_mailbox_element(s.address(), id, {}, i),
                                                            &l.unit(1));
    }
  });
  hear();
  on_unit([&] {
    CAF_CHECK(ear->on_own_thread);
    auto right = std::all_of(ear->replies.begin(), ear->replies.end(),
                             [](auto& h) { return h.tag == static_cast<std::uint64_t>(h.value); });
    CAF_CHECK(right);
    CAF_CHECK_EQUAL(s->open_slots(), 0u);
  });
  end(d);
  end(other);
}

CAF_TEST(the reply to a closed request is unclaimed though its slot has a new request) {
  auto a = l.spawn(late);
  on_unit([&] {
    ear = new listener;
    auto first = s->ask(a, ear, 1, 1);
    CAF_CHECK(s->close(first));
    CAF_CHECK(!s->close(first));
    auto second = s->ask(a, ear, 2, 2);
    CAF_CHECK_NOT_EQUAL(first.integer_value(), second.integer_value());
    CAF_CHECK_EQUAL(s->open_slots(), 1u);
  });
  caf::anon_send(a, 1.f);
  hear();
  on_unit([&] {
    CAF_CHECK_EQUAL(s->unclaimed, (std::vector<int>{100}));
    CAF_REQUIRE_EQUAL(ear->replies.size(), 1u);
    CAF_CHECK_EQUAL(ear->replies[0].tag, 2u);
    CAF_CHECK_EQUAL(ear->replies[0].value, 101);
  });
  end(a);
}

CAF_TEST(messages that are no replies go to on_message and requests among them are answered) {
  caf::anon_send(caf::actor_cast<caf::actor>(s.address()), 5);
  CAF_REQUIRE(s->message_came.comes());
  on_unit([&] {
    CAF_CHECK_EQUAL(s->messages, (std::vector<int>{5}));
    CAF_CHECK(s->message_on_own_thread);
  });
  caf::scoped_actor self{l.system};
  caf::error error;
  self->request(caf::actor_cast<caf::actor>(s.address()), patience, 1.5f)
    .receive([] {}, [&](caf::error& e) { error = e; });
  CAF_CHECK_EQUAL(error, caf::sec::unexpected_message);
}

CAF_TEST(a delayed message reaches a sink of another thread than the timer) {
  sink_handle<sink> second;
  l.on_unit(1, [&] { second = make_sink<sink>(l.unit(1)); });
  auto came = second->message_came;
  caf::delayed_anon_send(caf::actor_cast<caf::actor>(second.address()), 2ms, 9);
  CAF_CHECK(came.comes());
  l.on_unit(1, [&] {
    CAF_CHECK(second->message_on_own_thread);
    second->shut_down();
  });
}

CAF_TEST(random opens and closes and replies agree with a map) {
  auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random{seed};
  on_unit([&] {
    ear = new listener(1u << 30);
    std::map<std::uint64_t, std::uint64_t> open; // id to tag
    std::set<std::uint64_t> ids;
    std::vector<std::uint64_t> closed;
    std::uint64_t tag = 0;
    std::size_t unclaimed = 0;
    for (int step = 0; step < 20000; ++step) {
      auto pick = [&] { return std::next(open.begin(), static_cast<long>(random() % open.size())); };
      auto answer = [&](std::uint64_t id) {
        static_cast<reply_sink&>(*s).enqueue(
          caf::make_mailbox_element(nullptr, caf::make_message_id(id).response_id(), {}, 1), nullptr);
        l.unit().flush();
      };
      auto dice = random() % 10;
      if (dice < 5 || open.empty()) {
        auto id = s->open(ear, ++tag).request_id().integer_value();
        CAF_REQUIRE(id != 0 && ids.insert(id).second);
        open.emplace(id, tag);
      } else if (dice < 7) {
        auto i = pick();
        CAF_REQUIRE(s->close(caf::make_message_id(i->first)));
        closed.push_back(i->first);
        open.erase(i);
      } else if (dice < 9) {
        auto i = pick();
        answer(i->first);
        CAF_REQUIRE_EQUAL(ear->replies.back().tag, i->second);
        closed.push_back(i->first);
        open.erase(i);
      } else if (!closed.empty()) {
        auto before = ear->replies.size();
        answer(closed[random() % closed.size()]);
        CAF_REQUIRE_EQUAL(ear->replies.size(), before);
        CAF_REQUIRE_EQUAL(s->unclaimed.size(), ++unclaimed);
      }
      CAF_REQUIRE_EQUAL(s->open_slots(), open.size());
    }
  });
}

CAF_TEST_FIXTURE_SCOPE_END()
