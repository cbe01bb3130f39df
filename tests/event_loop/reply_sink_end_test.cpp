// How long a reply sink keeps its handlers, and how it ends.
#define CAF_SUITE reply_sink_end

#include <caf/test/unit_test.hpp>

#include "tests/event_loop/sink_fixture.hpp"

#include <caf/system_messages.hpp>

#include <vector>

using namespace lmq;
using namespace lmq::test;

CAF_TEST_FIXTURE_SCOPE(reply_sink_end_tests, sink_fixture)

CAF_TEST(an open request keeps its handler alive and the reply lets it go) {
  auto a = l.spawn(late);
  on_unit([&] {
    listener::gone = 0;
    ear = new listener;
    auto all = ear->all;
    s->ask(a, ear, 1, 1);
    auto closed = s->ask(a, listener_ptr{new listener}, 2, 2);
    s->close(closed);
    CAF_CHECK_EQUAL(listener::gone, 1);
    ear.reset();
    CAF_CHECK_EQUAL(listener::gone, 1);
    caf::anon_send(a, 1.f);
    l.unit().flush();
    CAF_CHECK_EQUAL(listener::gone, 2);
  });
  end(a);
}

CAF_TEST(a sink that is shut down tells its monitors and refuses requests and drops replies) {
  caf::scoped_actor self{l.system};
  self->monitor(s.address());
  auto a = l.spawn(late);
  auto e = l.spawn(echo);
  on_unit([&] {
    ear = new listener;
    s->ask(a, ear, 1, 1);
    l.unit().flush();
    auto id = s->ask(e, ear, 2, 42);
    // Answered, but not handed out when the end comes.
    static_cast<reply_sink&>(*s).enqueue(caf::make_mailbox_element(nullptr, id.response_id(), {}, 42),
                                         nullptr);
    s->shut_down();
    CAF_CHECK_EQUAL(s->unclaimed, (std::vector<int>{42}));
    CAF_CHECK_EQUAL(s->open_slots(), 0u);
  });
  bool down = false;
  self->receive([&](const caf::down_msg& m) { down = m.source == s->address(); });
  CAF_CHECK(down);
  caf::error error;
  self->request(caf::actor_cast<caf::actor>(s.address()), patience, 1)
    .receive([] {}, [&](caf::error& x) { error = x; });
  CAF_CHECK(static_cast<bool>(error));
  caf::anon_send(a, 1.f);
  end(a);
  end(e);
  on_unit([&] {
    CAF_CHECK(ear->replies.empty());
    CAF_CHECK_EQUAL(s->unclaimed.size(), 1u);
  });
}

CAF_TEST(a reply that comes after the coordinator has stopped leaves nothing behind) {
  auto gone_before = listener::gone;
  {
    loop m;
    m.system.await_actors_before_shutdown(false);
    auto a = m.spawn(late);
    sink_handle<sink> t;
    m.on_unit([&] {
      t = make_sink<sink>(m.unit());
      t->ask(a, listener_ptr{new listener}, 1, 1);
      m.unit().flush();
      t->close_all();
    });
    // Not shut down: the actor ends with the system and its promise, or a message of its own, finds the unit
    // closed.
    caf::anon_send(a, 1.f);
  }
  CAF_CHECK_EQUAL(listener::gone, gone_before + 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
