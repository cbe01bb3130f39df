// The end of the coordinator: what has not run is released, whole.
#define CAF_SUITE stop

#include <caf/test/unit_test.hpp>

#include "tests/event_loop/actors.hpp"
#include "tests/event_loop/loop.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

struct census {
  int expected = 0;
  std::atomic<int> alive{0};
  event all_alive;
};

/// Counts itself as long as it exists.
class citizen {
public:
  explicit citizen(census* c) : census_(c) {
    if (++census_->alive == census_->expected)
      census_->all_alive.set();
  }
  citizen(const citizen&) = delete;
  citizen& operator=(const citizen&) = delete;
  ~citizen() { --census_->alive; }

private:
  census* census_;
};

struct citizen_state {
  std::unique_ptr<citizen> self;
};

/// Never runs out of messages.
caf::behavior busy(caf::stateful_actor<citizen_state>* self, census* c) {
  self->state.self = std::make_unique<citizen>(c);
  self->send(self, 1);
  return {[self](int x) { self->send(self, x + 1); }};
}

} // namespace

CAF_TEST(a thousand busy actors and a thousand pending timers end with the system) {
  census c;
  c.expected = 1000;
  {
    loop l{2};
    l.system.await_actors_before_shutdown(false);
    for (int i = 0; i < 1000; ++i)
      caf::delayed_anon_send(l.system.spawn(busy, &c), 60s, i);
    CAF_CHECK(c.all_alive.comes());
    CAF_CHECK_EQUAL(dynamic_cast<lmq::clock&>(l.io().clock()).pending(), 1000u);
  }
  CAF_CHECK_EQUAL(c.alive.load(), 0);
}

CAF_TEST(the end of a busy actor also lets go those that watch it) {
  census c;
  c.expected = 2;
  {
    loop l;
    l.system.await_actors_before_shutdown(false);
    auto watched = l.system.spawn(busy, &c);
    l.spawn([watched, &c](caf::stateful_actor<citizen_state>* self) -> caf::behavior {
      self->state.self = std::make_unique<citizen>(&c);
      self->monitor(watched);
      self->link_to(watched);
      return {[](int) {}};
    });
    CAF_CHECK(c.all_alive.comes());
  }
  CAF_CHECK_EQUAL(c.alive.load(), 0);
}

CAF_TEST(what ends during the stop may still send and set timers) {
  census c;
  {
    loop l{2};
    l.system.await_actors_before_shutdown(false);
    auto idle = l.spawn(echo);
    // A handler that never runs and owns what speaks up when it goes.
    auto parting = std::shared_ptr<citizen>(new citizen{&c}, [&l, idle](citizen* p) {
      caf::anon_send(idle, 1);
      caf::delayed_anon_send(idle, 1h, 2);
      l.system.clock().cancel_timeouts(caf::actor_cast<caf::abstract_actor*>(idle));
      delete p;
    });
    idle = nullptr;
    for (std::size_t i = 0; i < l.io().size(); ++i)
      l.on_unit(i, [&l, i, &parting] {
        // The thread leaves the loop after this handler, before those that it posts.
        boost::asio::post(l.unit(i).context(), [&l, i, parting] {
          l.unit(i).context().stop();
          boost::asio::post(l.unit(i).context(), [parting] {});
        });
      });
    parting.reset();
  }
  CAF_CHECK_EQUAL(c.alive.load(), 0);
}
