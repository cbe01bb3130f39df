// The clock: on time, in order, and forgotten when cancelled.
#define CAF_SUITE clock

#include <caf/test/unit_test.hpp>

#include "event_loop/reply_sink.hpp"
#include "tests/event_loop/loop.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

struct promises {
  std::vector<caf::response_promise> open;
};

/// Takes requests and never answers.
caf::behavior mute(caf::stateful_actor<promises>* self) {
  return {[self](int) { return self->state.open.emplace_back(self->make_response_promise()); }};
}

/// Takes whatever comes and says nothing.
caf::behavior deaf(caf::event_based_actor* self) {
  self->set_default_handler(caf::drop);
  return {[](int) {}};
}

/// CAF's own actors keep timeout messages to themselves.
struct timeout_sink : reply_sink {
  using reply_sink::reply_sink;

  void on_message(caf::mailbox_element& m) noexcept override {
    if (m.content().match_elements<caf::timeout_msg>())
      ids.push_back(m.content().get_as<caf::timeout_msg>(0).timeout_id);
    if (ids.size() == 2)
      both.set();
  }

  std::vector<std::uint64_t> ids;
  event both;
};

struct fixture {
  loop l{2};

  lmq::clock& clock() { return dynamic_cast<lmq::clock&>(l.io().clock()); }

  void end(const caf::actor& a) {
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    caf::scoped_actor self{l.system};
    self->wait_for(a);
    l.settle(); // an actor counts as ended a moment before it has told the clock
  }
};

caf::abstract_actor* raw(const caf::actor& a) {
  return caf::actor_cast<caf::abstract_actor*>(a);
}

constexpr auto some_type = caf::atom("some");
constexpr auto other_type = caf::atom("other");

} // namespace

CAF_TEST_FIXTURE_SCOPE(clock_tests, fixture)

CAF_TEST(a delayed message comes on a thread of the loop and not before its time) {
  event came;
  steady::time_point at;
  bool on_unit = false;
  auto a = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    at = steady::now() + 20ms;
    self->delayed_send(self, 20ms, 1);
    return {[&](int) {
      at = steady::now() - (at - steady::time_point{});
      on_unit = io_unit::current() != nullptr;
      came.set();
    }};
  });
  CAF_REQUIRE(came.comes());
  CAF_CHECK(at >= steady::time_point{});
  CAF_CHECK(on_unit);
  CAF_CHECK_EQUAL(clock().pending(), 0u);
  end(a);
}

CAF_TEST(a request that nobody answers fails with a timeout) {
  event failed;
  caf::error error;
  auto m = l.spawn(mute);
  auto a = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->request(m, 10ms, 1)
      .then([](int) {},
            [&](caf::error& e) {
              error = e;
              failed.set();
            });
    return {[](float) {}};
  });
  CAF_REQUIRE(failed.comes());
  CAF_CHECK_EQUAL(error, caf::sec::request_timeout);
  end(a);
  end(m);
}

CAF_TEST(a receive timeout rises when an actor hears nothing) {
  event idle;
  auto a = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[](int) {}, caf::after(10ms) >>
                          [&idle, self] {
                            idle.set();
                            self->quit();
                          }};
  });
  CAF_CHECK(idle.comes());
}

CAF_TEST(an earlier message overtakes a later one that was set first) {
  event came;
  std::vector<int> order;
  auto a = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 1h, 3);
    self->delayed_send(self, 20ms, 2);
    self->delayed_send(self, 5ms, 1);
    return {[&](int x) {
      order.push_back(x);
      if (x == 2)
        came.set();
    }};
  });
  CAF_REQUIRE(came.comes());
  CAF_CHECK_EQUAL(order, (std::vector<int>{1, 2}));
  CAF_CHECK_EQUAL(clock().pending(), 1u);
  end(a);
}

CAF_TEST(messages of one instant come in the order in which they were set and many more than one turn sends) {
  constexpr int count = 3 * lmq::clock::messages_per_turn + 1;
  event came;
  std::vector<int> order;
  auto a = l.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int x) {
      order.push_back(x);
      if (order.size() == count)
        came.set();
    }};
  });
  auto at = steady::now() + 5ms;
  auto to = caf::actor_cast<caf::strong_actor_ptr>(a);
  for (int i = 0; i < count; ++i)
    clock().schedule_message(at, to, caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, i));
  to = nullptr;
  CAF_REQUIRE(came.comes());
  CAF_CHECK(std::is_sorted(order.begin(), order.end()));
  end(a);
}

CAF_TEST(other handlers have their turn while many messages are due) {
  constexpr int count = 3 * lmq::clock::messages_per_turn + 1;
  auto a = l.spawn(deaf);
  event none_left;
  std::size_t most = 0; // sent between two turns of the other handler
  std::size_t left = count;
  std::function<void()> other = [&] {
    auto now_left = clock().pending();
    most = std::max(most, left - now_left);
    left = now_left;
    if (left == 0)
      none_left.set();
    else
      boost::asio::post(l.unit().context(), other);
  };
  l.on_unit([&] {
    auto to = caf::actor_cast<caf::strong_actor_ptr>(a);
    for (int i = 0; i < count; ++i)
      clock().schedule_message(steady::now(), to,
                               caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, i));
    other();
  });
  CAF_REQUIRE(none_left.comes());
  CAF_CHECK_EQUAL(most, lmq::clock::messages_per_turn);
  end(a);
}

CAF_TEST(messages that many threads set all come) {
  constexpr int threads = 4;
  constexpr int each = 1000;
  event came;
  std::atomic<int> got{0};
  std::vector<caf::actor> as;
  for (int i = 0; i < threads; ++i)
    as.push_back(l.spawn([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](int) {
        if (++got == threads * each)
          came.set();
      }};
    }));
  std::vector<std::thread> ts;
  for (int t = 0; t < threads; ++t)
    ts.emplace_back([&, t] {
      // Ever earlier, so that each one has the timer set anew.
      for (int i = 0; i < each; ++i)
        caf::delayed_anon_send(as[static_cast<std::size_t>(t)], std::chrono::microseconds(each - i) * 10, i);
    });
  for (auto& t : ts)
    t.join();
  CAF_CHECK(came.comes());
  CAF_CHECK_EQUAL(clock().pending(), 0u);
  for (auto& a : as)
    end(a);
}

CAF_TEST(a new ordinary timeout replaces the one of its type and leaves other types and actors alone) {
  auto a = l.spawn(deaf);
  auto b = l.spawn(deaf);
  auto far = steady::now() + 1h;
  clock().set_ordinary_timeout(far, raw(a), some_type, 1);
  clock().set_ordinary_timeout(far, raw(a), some_type, 2);
  CAF_CHECK_EQUAL(clock().pending(), 1u);
  clock().set_ordinary_timeout(far, raw(a), other_type, 3);
  clock().set_ordinary_timeout(far, raw(b), some_type, 4);
  CAF_CHECK_EQUAL(clock().pending(), 3u);
  clock().cancel_ordinary_timeout(raw(a), some_type);
  CAF_CHECK_EQUAL(clock().pending(), 2u);
  clock().cancel_ordinary_timeout(raw(a), some_type);
  CAF_CHECK_EQUAL(clock().pending(), 2u);
  end(a);
  end(b);
  CAF_CHECK_EQUAL(clock().pending(), 0u);
}

CAF_TEST(multi timeouts add up and request timeouts are cancelled one by one) {
  auto a = l.spawn(deaf);
  auto far = steady::now() + 1h;
  clock().set_multi_timeout(far, raw(a), some_type, 1);
  clock().set_multi_timeout(far, raw(a), some_type, 2);
  clock().set_request_timeout(far, raw(a), caf::make_message_id(1).response_id());
  clock().set_request_timeout(far, raw(a), caf::make_message_id(2).response_id());
  CAF_CHECK_EQUAL(clock().pending(), 4u);
  clock().cancel_request_timeout(raw(a), caf::make_message_id(1).response_id());
  CAF_CHECK_EQUAL(clock().pending(), 3u);
  clock().cancel_timeouts(raw(a));
  CAF_CHECK_EQUAL(clock().pending(), 0u);
  end(a);
}

CAF_TEST(both of two multi timeouts rise) {
  auto a = make_sink<timeout_sink>(l.unit(1));
  clock().set_multi_timeout(steady::now() + 2ms, a.get(), some_type, 1);
  clock().set_multi_timeout(steady::now() + 4ms, a.get(), some_type, 2);
  CAF_CHECK(a->both.comes());
  l.on_unit(1, [&] {
    CAF_CHECK_EQUAL(a->ids, (std::vector<std::uint64_t>{1, 2}));
    a->shut_down();
  });
}

CAF_TEST(an actor that ends takes along its timeouts and what was scheduled for it) {
  auto a = l.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[](int) {}, caf::after(60min) >> [] {}};
  });
  event started;
  l.spawn(
    [&, a](caf::event_based_actor* self) { self->request(a, patience, 1).then([&] { started.set(); }); });
  CAF_REQUIRE(started.comes());
  caf::delayed_anon_send(a, 1h, 1);
  end(a);
  // The request timeout of the actor that asked is there until that has gone as well.
  l.system.await_all_actors_done();
  l.settle();
  CAF_CHECK_EQUAL(clock().pending(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
