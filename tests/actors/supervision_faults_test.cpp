// The broker with an exception thrown at every place where one could come from, one run for each: what a
// client was promised holds, and everybody is answered.
#define CAF_SUITE supervision_faults

#include "broker_fixture.hpp"

#include "core/fault_point.hpp"

#include <map>
#include <set>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

/// A client as a gateway is one: what came back untouched is sent again, at the doors of now.
struct patient_client : broker_fixture {
  ~patient_client() { fault_plan::never(); }

  static constexpr int tries_max = 20;

  template <class T, class Request>
  std::optional<T> insist(Request request) {
    for (int i = 0; i < tries_max; ++i) {
      auto a = request();
      if (!a.came()) {
        ++hung;
        return std::nullopt;
      }
      if (!a.refused())
        return a.value();
      if (!bounced(a.error())) {
        CAF_CHECK(to_refusal(a.error()).why == reason::unavailable);
        ++refused;
      }
      doors = ask<broker>(doors.supervisor, doors_atom::value).value();
    }
    ++hung;
    return std::nullopt;
  }

  std::optional<queue_ref> reach(const std::string& name) {
    return insist<queue_ref>([&] { return ask<queue_ref>(doors.registry, resolve_atom::value, name); });
  }

  /// Once it is answered the message is there; a refused one may be pushed again under a new id, for nothing
  /// was stored.
  void push_surely(const std::string& name, const std::string& text_of_it) {
    auto done = insist<push_outcome>([&] {
      auto q = reach(name);
      return ask<push_outcome>(q->actor, push_atom::value, ids.next(), text(text_of_it), request_headers{});
    });
    CAF_CHECK(done.has_value());
  }

  std::optional<pulled> pull_surely(const std::string& name) {
    return insist<pulled>([&] {
      auto q = reach(name);
      return ask<pulled>(q->actor, pull_atom::value, next_waiter_id(), wait_time{0s});
    });
  }

  std::optional<pulled> pull_any_surely(const std::string& expression) {
    return insist<pulled>([&] {
      return ask<pulled>(doors.pull_any, pull_atom::value, expression, next_waiter_id(), wait_time{0s});
    });
  }

  bool settle_surely(const std::string& name, lease_id lease, verdict v) {
    for (int i = 0; i < tries_max; ++i) {
      auto a = ask<caf::unit_t>(reach(name)->actor, settle_atom::value, lease, v);
      CAF_REQUIRE(a.came());
      if (!a.refused())
        return true;
      if (!bounced(a.error()) && a.why().why == reason::no_such_lease)
        return false;
    }
    return false;
  }

  template <class... Ts>
  void registry_surely(Ts... message) {
    CAF_CHECK(insist<caf::unit_t>([&] { return ask<caf::unit_t>(doors.registry, message...); }).has_value());
  }

  int refused = 0;
  int hung = 0;
};

/// Some of everything; at its end all is as if nothing had happened.
struct day_of_a_queue : patient_client {
  void run() {
    push_surely("q", "a");
    push_surely("q", "b");
    auto a = pull_surely("q");
    expect_body(a, "a");
    CAF_CHECK(settle_surely("q", a->delivery->lease, verdict::extend));
    auto b = pull_surely("q");
    expect_body(b, "b");
    CAF_CHECK(settle_surely("q", b->delivery->lease, verdict::nack));
    CAF_CHECK(settle_surely("q", a->delivery->lease, verdict::ack));
    CAF_CHECK(!settle_surely("q", a->delivery->lease, verdict::ack));

    property_set windows;
    windows.accum = 5s;
    windows.retry = 7;
    registry_surely(patch_atom::value, std::string{"w"}, windows);
    push_surely("w", "1");
    push_surely("w", "2");
    pass(5s);
    auto whole = pull_surely("w");
    CAF_REQUIRE(whole && whole->delivery);
    CAF_CHECK_EQUAL(std::get<1>(whole->delivery->content)->size(), 2u);
    CAF_CHECK_EQUAL(whole->delivery->retries_left, 7u);

    // A waiter that waits through it all, and one that asks at many queues.
    auto waiting = ask_later<pulled>(reach("late")->actor, pull_atom::value, next_waiter_id(), wait_time{});
    consume_messages();
    auto again = pull_any_surely("^q$");
    expect_body(again, "b");
    CAF_CHECK(settle_surely("q", again->delivery->lease, verdict::ack));
    push_surely("late", "c");
    if (!waiting.came() || waiting.refused()) // it was the one that the fault came down on
      expect_body(pull_surely("late"), "c");
    else
      CAF_CHECK_EQUAL(body(waiting), "c");
    CAF_CHECK(waiting.came());

    auto pushed = insist<push_outcomes>([&] {
      return ask<push_outcomes>(doors.fan_out, push_atom::value, std::string{"^q$"}, text("d"),
                                request_headers{});
    });
    CAF_CHECK(pushed.has_value());
    pass(60s);
    drain("q", pushed && !pushed->empty() ? 1 : 0);
    pass(60s);
    drain("late", 0);
    registry_surely(set_rules_atom::value, std::vector<rule>{{"^w$", windows}});
    auto gone = ask<caf::unit_t>(doors.registry, remove_atom::value, std::string{"w"});
    CAF_CHECK(gone.came());
    CAF_CHECK_EQUAL(hung, 0);
  }

  void expect_body(const std::optional<pulled>& got, const std::string& wanted) {
    CAF_REQUIRE(got && got->delivery);
    CAF_CHECK_EQUAL(std::string{std::get<message>(got->delivery->content).content.body()}, wanted);
  }

  /// At least so many are left, and each can be had.
  void drain(const std::string& name, int at_least) {
    int n = 0;
    for (;; ++n) {
      auto got = pull_surely(name);
      if (!got || !got->delivery)
        break;
      CAF_CHECK(settle_surely(name, got->delivery->lease, verdict::ack));
    }
    CAF_CHECK(n >= at_least);
  }
};

} // namespace

CAF_TEST(a settle that was decided is answered even when its queue is deleted as it crashes) {
  int decided = 0;
  for (std::uint64_t n = 1;; ++n) {
    patient_client client;
    client.push_surely("q", "a");
    auto got = client.pull_surely("q");
    auto q = client.reach("q");
    // The queue works on the settle when the deletion is already behind it, and breaks at the n-th point.
    auto settled =
      client.ask_later<caf::unit_t>(q->actor, settle_atom::value, got->delivery->lease, verdict::ack);
    client.sched.run_once(); // the asker asks
    caf::anon_send(client.doors.registry, remove_atom::value, std::string{"q"});
    fault_plan::once_at(n);
    client.consume_messages();
    bool reached = fault_plan::thrown() > 0;
    fault_plan::never();
    CAF_REQUIRE(settled.came());
    decided += settled.refused() ? 0 : 1;
    if (!reached)
      break;
  }
  CAF_CHECK(decided > 1);
}

CAF_TEST(whatever throws first nothing is lost and everybody is answered) {
  std::uint64_t points = 0;
  for (std::uint64_t n = 1;; ++n) {
    day_of_a_queue day;
    CAF_MESSAGE("point " << n);
    fault_plan::once_at(n);
    day.run();
    bool reached = fault_plan::thrown() > 0;
    fault_plan::never();
    CAF_REQUIRE_EQUAL(day.hung, 0);
    if (!reached)
      break;
    ++points;
  }
  CAF_MESSAGE(points << " points");
  CAF_CHECK(points > 100);
}
