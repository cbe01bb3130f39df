// A unit: actors run in the flush of the handler that woke them, and none for too long.
#define CAF_SUITE io_unit

#include <caf/test/unit_test.hpp>

#include "tests/event_loop/actors.hpp"
#include "tests/event_loop/loop.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace lmq;
using namespace lmq::test;

namespace {

/// Sends to `to` as an I/O handler would.
void send_from(io_unit& unit, const caf::actor& to, int x) {
  caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
    caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, x), &unit);
}

/// Actors that count how many of them have run; they end with it.
class runners {
public:
  runners(loop& l, int count) : unit_(l.unit()) {
    for (int i = 0; i < count; ++i)
      actors_.push_back(l.system.spawn(on_int, [this, count](int) {
        if (++ran_ == count)
          all_.set();
      }));
    l.settle();
  }
  ~runners() {
    for (auto& a : actors_)
      caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  }
  runners(const runners&) = delete;
  runners& operator=(const runners&) = delete;

  // On the unit's thread.
  void wake(int which) { send_from(unit_, actors_[static_cast<std::size_t>(which)], 1); }
  void wake_all() {
    for (auto& a : actors_)
      send_from(unit_, a, 1);
  }
  int ran() const noexcept { return ran_; }

  bool all_run() const { return all_.comes(); }

private:
  io_unit& unit_;
  int ran_ = 0;
  event all_;
  std::vector<caf::actor> actors_;
};

} // namespace

CAF_TEST(an actor that a handler wakes runs within the flush of that handler) {
  loop l{2};
  int got = 0;
  auto a = l.system.spawn(on_int, [&](int x) { got = x; });
  l.settle();
  l.on_unit(1, [&] {
    send_from(l.unit(1), a, 7);
    CAF_CHECK_EQUAL(got, 0);
    l.unit(1).flush();
    CAF_CHECK_EQUAL(got, 7);
  });
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

CAF_TEST(an actor runs soon although the handler that woke it does not flush) {
  loop l;
  event ran;
  auto a = l.system.spawn(on_int, [&](int) { ran.set(); });
  l.on_unit([&] { send_from(l.unit(), a, 1); });
  CAF_CHECK(ran.comes());
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

CAF_TEST(a flush within an actor does not run another one inside of it) {
  loop l;
  std::vector<std::string> seen;
  auto inner = l.system.spawn(on_int, [&](int) { seen.push_back("inner"); });
  auto outer = l.system.spawn(on_int, [&](int) {
    send_from(l.unit(), inner, 1);
    l.unit().flush();
    seen.push_back("outer");
  });
  l.on_unit([&] {
    send_from(l.unit(), outer, 1);
    l.unit().flush();
  });
  CAF_CHECK_EQUAL(seen, (std::vector<std::string>{"outer", "inner"}));
  caf::anon_send_exit(inner, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(outer, caf::exit_reason::user_shutdown);
}

CAF_TEST(a flush ends after its budget and the sockets have their turn before the rest) {
  loop l{1, {.jobs_per_flush = 3, .messages_per_resume = 32}};
  int seen_by_handler = -1;
  runners all{l, 10};
  l.on_unit([&] {
    all.wake_all();
    boost::asio::post(l.unit().context(), [&] { seen_by_handler = all.ran(); });
    l.unit().flush();
    CAF_CHECK_EQUAL(all.ran(), 3);
  });
  CAF_REQUIRE(all.all_run());
  l.on_unit([&] { CAF_CHECK_EQUAL(seen_by_handler, 3); });
}

CAF_TEST(after a flush that was cut short no other one comes before the sockets) {
  loop l{1, {.jobs_per_flush = 3}};
  int seen = -1;
  runners all{l, 10};
  l.on_unit([&] {
    all.wake_all();
    for (int i = 0; i < 5; ++i)
      l.unit().behind_sockets([] {}); // each ends with a flush
    boost::asio::post(l.unit().context(), [&] { seen = all.ran(); });
    l.unit().flush();
  });
  CAF_REQUIRE(all.all_run());
  l.on_unit([&] { CAF_CHECK_EQUAL(seen, 3); });
}

CAF_TEST(an actor that is slow takes one message before the sockets have their turn) {
  constexpr int messages = 50;
  loop l{1, {.flush_time = std::chrono::milliseconds{0}, .messages_per_resume = 8}}; // any is too slow
  int taken = 0, last = 0;
  std::vector<int> between_turns;
  event all;
  auto slow = l.system.spawn(on_int, [&](int) {
    if (++taken == messages)
      all.set();
  });
  l.settle();
  std::function<void()> socket = [&] {
    between_turns.push_back(taken - std::exchange(last, taken));
    if (taken < messages)
      boost::asio::post(l.unit().context(), socket);
  };
  l.on_unit([&] {
    for (int i = 0; i < messages; ++i)
      send_from(l.unit(), slow, i);
    boost::asio::post(l.unit().context(), socket);
    l.unit().flush();
  });
  CAF_REQUIRE(all.comes());
  l.on_unit([&] {
    CAF_REQUIRE(between_turns.size() > 2);
    between_turns.erase(between_turns.begin()); // before it showed to be slow
    CAF_CHECK_EQUAL(*std::max_element(between_turns.begin(), between_turns.end()), 1);
  });
  caf::anon_send_exit(slow, caf::exit_reason::user_shutdown);
}

CAF_TEST(after an actor that was slow those that other sockets wake wait for their turn) {
  loop l{1, {.flush_time = std::chrono::milliseconds{0}}}; // any is too slow
  int seen = -1;
  runners both{l, 2};
  l.on_unit([&] {
    both.wake(0);
    boost::asio::post(l.unit().context(), [&] { // as a socket that was ready with the first
      both.wake(1);
      l.unit().flush();
      seen = both.ran();
    });
    l.unit().flush();
  });
  CAF_REQUIRE(both.all_run());
  l.on_unit([&] { CAF_CHECK_EQUAL(seen, 1); });
}

CAF_TEST(all that others have to do comes before the next message of an actor that is slow) {
  constexpr std::chrono::milliseconds long_time{100};
  constexpr int hops = 5, slow_messages = 3;
  loop l{1, {.flush_time = long_time, .messages_per_resume = 1}};
  std::string seen;
  event all;
  caf::actor other;
  auto slow = l.system.spawn(on_int, [&](int) {
    auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun <
           long_time + std::chrono::milliseconds{20}) { // see about_now
    }
    seen += 's';
    if (seen.size() == hops + slow_messages)
      all.set();
  });
  auto one = l.system.spawn(on_int, [&](int n) {
    seen += 'q';
    if (n > 1)
      send_from(l.unit(), other, n - 1);
  });
  other = l.system.spawn(on_int, [&](int n) {
    seen += 'q';
    if (n > 1)
      send_from(l.unit(), one, n - 1);
  });
  l.settle();
  l.on_unit([&] {
    for (int i = 0; i < slow_messages; ++i)
      send_from(l.unit(), slow, i);
    boost::asio::post(l.unit().context(), [&] { send_from(l.unit(), one, hops); });
    l.unit().flush();
  });
  CAF_REQUIRE(all.comes());
  l.on_unit([&] {
    auto first = seen.find('q');
    CAF_CHECK_EQUAL(seen.substr(first, hops), std::string(hops, 'q'));
    CAF_CHECK_EQUAL(first, 1u);
  });
  for (auto& a : {slow, one, other})
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

CAF_TEST(an actor whose mailbox never empties lets the others run after messages_per_resume) {
  constexpr std::uint64_t per_resume = 8;
  constexpr int rounds = 1000;
  loop l{1, {.jobs_per_flush = 64, .messages_per_resume = per_resume}};
  std::uint64_t eaten = 0; // by the glutton
  std::uint64_t longest = 0;
  std::uint64_t last = 0;
  event done;
  auto glutton = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->send(self, 1);
    self->send(self, 1);
    return {[self, &eaten](int x) {
      ++eaten;
      self->send(self, x);
    }};
  });
  auto modest = l.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](int left) {
      if (left < rounds)
        longest = std::max(longest, eaten - last);
      last = eaten;
      if (left == 0)
        done.set();
      else
        self->send(self, left - 1);
    }};
  });
  caf::anon_send(modest, rounds);
  CAF_REQUIRE(done.comes());
  CAF_CHECK_EQUAL(longest, per_resume);
  caf::anon_send_exit(glutton, caf::exit_reason::kill);
  caf::anon_send_exit(modest, caf::exit_reason::user_shutdown);
}
