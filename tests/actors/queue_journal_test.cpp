// Queues with a journal: what waits until facts are safe, and what does not.
#define CAF_SUITE queue_journal

#include "journal_fixture.hpp"

#include "actors/queue/queue_machine.hpp"

#include <utility>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

constexpr std::size_t slice = queue_machine::purge_slice_max;

struct fixture : journal_fixture {
  fixture() { serve("q"); }

  answer<order_outcome> order(queue_order what) {
    return ask<order_outcome>(queue("q").actor, order_atom::value, what);
  }

  /// Begins a purge of two slices and a half, of which the first is told of.
  answer<order_outcome> purge_many() {
    std::vector<held_unit> units;
    for (std::uint64_t n = 1; n <= 2 * slice + slice / 2; ++n)
      units.push_back({{5, n}, text("x"), {0, 2, false, {}, {}}, {}});
    serve("q", std::move(units));
    auto purge = order(orders::purge{});
    CAF_CHECK_EQUAL(told(), "1: 10000");
    return purge;
  }

  /// Numbers of batches, and how many messages each settles.
  std::string told() {
    std::string all;
    for (const auto& e : std::exchange(journal->heard, {})) {
      std::size_t n = 0;
      for (const auto& f : *e.facts)
        if (const auto* gone = std::get_if<facts::settled>(&f))
          n += gone->ids.size();
      all += (all.empty() ? "" : " ") + std::to_string(e.number) + ": " + std::to_string(n);
    }
    return all;
  }

  std::string told_when_safe(std::uint64_t number) {
    safe("q", number);
    pass(0s);
    return told();
  }

  static std::uint64_t dropped(const answer<order_outcome>& by) {
    return std::get<purged>(by.value()).messages;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(queue_journal_tests, fixture)

// -- answers

CAF_TEST(a push is answered when its put is safe) {
  auto a = push("q", "a");
  auto b = push("q", "b");
  CAF_CHECK(!a.came());
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2 | 2: put 2 retries 2");
  safe("q", 1);
  CAF_REQUIRE(a.came());
  CAF_CHECK(a.value() == push_outcome::stored);
  CAF_CHECK(!b.came());
  safe("q", 2);
  CAF_CHECK(b.came());
}

CAF_TEST(one number speaks for all before and none for those to come) {
  auto a = push("q", "a");
  auto b = push("q", "b");
  safe("q", 99);
  CAF_CHECK(a.came());
  CAF_CHECK(b.came());
  auto c = push("q", "c");
  CAF_CHECK(!c.came());
  safe("q", 1);
  CAF_CHECK(!c.came());
  safe("q", 3);
  CAF_CHECK(c.came());
}

CAF_TEST(a settle waits for its fact and a refused one for nothing) {
  push("q", "a");
  safe("q", 1);
  auto lease = pull("q", 0s).value().delivery->lease;
  CAF_CHECK(lease.home == home);
  auto again = settle("q", lease, verdict::extend);
  CAF_CHECK(!again.came());
  auto done = settle("q", lease, verdict::ack);
  CAF_CHECK(!done.came());
  auto late = settle("q", lease, verdict::ack);
  CAF_REQUIRE(late.came());
  CAF_CHECK(late.why().why == reason::no_such_lease);
  heard();
  safe("q", 3);
  CAF_CHECK(again.came());
  CAF_CHECK(!done.came());
  safe("q", 4);
  CAF_REQUIRE(done.came());
  CAF_CHECK(!done.refused());
}

CAF_TEST(a purge and a removal wait for their facts and a purge of nothing for none) {
  auto none = order(orders::purge{});
  CAF_REQUIRE(none.came());
  CAF_CHECK_EQUAL(std::get<purged>(none.value()).messages, 0u);
  for (auto* body : {"a", "b", "c"})
    push("q", body);
  safe("q", 3);
  heard();
  auto looked = order(orders::peek{1});
  CAF_REQUIRE(looked.came());
  auto id = std::get<peeked_messages>(looked.value()).at(0).id;
  auto one = order(orders::remove{id});
  auto again = order(orders::remove{id});
  CAF_CHECK_EQUAL(heard(), "4: purged 1");
  CAF_CHECK(!one.came());
  CAF_REQUIRE(again.came());
  CAF_CHECK(again.why().why == reason::no_such_message);
  auto rest = order(orders::purge{});
  CAF_CHECK_EQUAL(heard(), "5: purged 2 3");
  safe("q", 4);
  CAF_REQUIRE(one.came());
  CAF_CHECK(std::holds_alternative<removed>(one.value()));
  CAF_CHECK(!rest.came());
  safe("q", 5);
  CAF_REQUIRE(rest.came());
  CAF_CHECK_EQUAL(std::get<purged>(rest.value()).messages, 2u);
}

CAF_TEST(a purge of many goes in slices behind each other and leaves what comes meanwhile) {
  auto all = purge_many();
  pass(0s);
  CAF_CHECK_EQUAL(told(), ""); // the first is not safe
  auto pushed = push("q", "new");
  CAF_CHECK_EQUAL(told(), "2: 0");
  CAF_CHECK_EQUAL(told_when_safe(1), "3: 10000");
  CAF_CHECK_EQUAL(told_when_safe(2), "");
  CAF_CHECK(pushed.came());
  CAF_CHECK_EQUAL(told_when_safe(3), "4: 5000");
  CAF_CHECK(!all.came());
  CAF_CHECK_EQUAL(told_when_safe(4), "");
  CAF_REQUIRE(all.came());
  CAF_CHECK_EQUAL(dropped(all), 2 * slice + slice / 2);
  auto left = report("q");
  CAF_CHECK_EQUAL(left.ready, 1u);
  CAF_CHECK_EQUAL(left.counts.deleted, 2 * slice + slice / 2);
}

CAF_TEST(a purge that another one is asked for behind goes first and both count what they dropped) {
  auto first = purge_many();
  push("q", "new");
  auto second = order(orders::purge{});
  CAF_CHECK_EQUAL(told(), "2: 0");
  CAF_CHECK_EQUAL(told_when_safe(2), "3: 10000");
  CAF_CHECK_EQUAL(told_when_safe(3), "4: 5000");
  pass(0s);
  CAF_CHECK_EQUAL(told(), "5: 1");
  safe("q", 5);
  CAF_REQUIRE(first.came());
  CAF_CHECK_EQUAL(dropped(first), 2 * slice + slice / 2);
  CAF_REQUIRE(second.came());
  CAF_CHECK_EQUAL(dropped(second), 1u);
}

CAF_TEST(a purge goes on where a queue that broke between two slices has left it) {
  auto all = purge_many();
  kill("q");
  CAF_CHECK_EQUAL(told(), "1: 10000");
  CAF_CHECK(!all.came());
  CAF_CHECK_EQUAL(told_when_safe(1), "2: 10000");
  CAF_CHECK_EQUAL(told_when_safe(2), "3: 5000");
  safe("q", 3);
  CAF_REQUIRE(all.came());
  CAF_CHECK_EQUAL(dropped(all), 2 * slice + slice / 2);
}

CAF_TEST(a purge waits while its queue is held and goes on where it serves again) {
  auto all = purge_many();
  hold("q");
  CAF_CHECK_EQUAL(told_when_safe(1), "");
  serve("q");
  pass(0s);
  CAF_CHECK_EQUAL(told(), "2: 10000");
  CAF_CHECK(!all.came());
}

CAF_TEST(who purges a queue that goes away meanwhile is sent away) {
  auto all = purge_many();
  tell("q", drop_atom::value);
  CAF_REQUIRE(all.came());
  CAF_CHECK(bounced(all.error()));
}

CAF_TEST(who purges a queue that is deleted meanwhile is sent away) {
  auto all = purge_many();
  ask<caf::unit_t>(doors.registry, remove_atom::value, std::string{"q"});
  CAF_REQUIRE(all.came());
  CAF_CHECK(bounced(all.error()));
}

CAF_TEST(a queue that does not serve sends operators away) {
  push("q", "a");
  hold("q");
  for (queue_order what : {queue_order{orders::peek{}}, queue_order{orders::purge{}}}) {
    auto sent_away = ask<order_outcome>(queue("q").actor, order_atom::value, what);
    CAF_REQUIRE(sent_away.came());
    CAF_CHECK(sent_away.refused());
  }
}

CAF_TEST(a delivery does not wait for its lease) {
  push("q", "a");
  safe("q", 1);
  auto got = pull("q", 0s);
  CAF_REQUIRE(got.came());
  CAF_CHECK_EQUAL(body(got), "a");
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2 | 2: leased 1#1@7 for 30000 ms");
}

CAF_TEST(a delivery waits for its put) {
  auto waiting = pull("q");
  auto pushed = push("q", "a");
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2; leased 1#1@7 for 30000 ms");
  auto second = pull("q", 0s);
  CAF_CHECK(second.came());
  CAF_CHECK(!second.value().delivery);
  CAF_CHECK(!waiting.came());
  safe("q", 1);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
  CAF_CHECK(pushed.came());
  auto r = report("q");
  CAF_CHECK_EQUAL(r.pull.count, 1u);
}

CAF_TEST(a compound waits until its window is known to have ended) {
  property_set windows;
  windows.accum = 5s;
  patch("q", windows);
  push("q", "a");
  push("q", "b");
  safe("q", 2);
  pass(5s);
  auto got = pull("q");
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2 in [1] for 5000 ms | 2: put 2 retries 2 in [1] for 5000 ms | "
                           "3: closed [1] retries 2 with 1 2 | 4: leased [1]#1@7 for 30000 ms");
  CAF_CHECK(!got.came());
  safe("q", 3);
  CAF_REQUIRE(got.came());
  CAF_CHECK_EQUAL(std::get<1>(got.value().delivery->content)->size(), 2u);
}

CAF_TEST(a push that is sent again is answered when the first is safe and makes no second) {
  auto first = push_as("q", {5, 1}, "a");
  auto again = push_as("q", {5, 1}, "a");
  auto other = push_as("q", {5, 2}, "b");
  CAF_CHECK(!again.came());
  safe("q", 1);
  CAF_CHECK(first.came());
  CAF_REQUIRE(again.came());
  CAF_CHECK(again.value() == push_outcome::stored);
  CAF_CHECK(!other.came());
  auto late = push_as("q", {5, 1}, "a");
  CAF_CHECK(late.came());
  auto r = report("q");
  CAF_CHECK_EQUAL(r.size, 2u);
  CAF_CHECK_EQUAL(r.push.count, 2u);
}

CAF_TEST(a cancelled waiter whose delivery is not safe yet leaves it to the next) {
  auto gone = pull("q");
  auto gone_id = last_waiter;
  push("q", "a");
  push("q", "b");
  caf::anon_send(queue("q").actor, cancel_atom::value, gone_id);
  consume_messages();
  CAF_REQUIRE(gone.came());
  CAF_CHECK(!gone.value().delivery);
  heard();
  safe("q", 2);
  CAF_CHECK_EQUAL(heard(), "3: ended 1#1@7 retries 2 in place");
  auto next = pull("q", 0s);
  CAF_REQUIRE(next.came());
  CAF_CHECK_EQUAL(body(next), "a");
  CAF_CHECK_EQUAL(next.value().delivery->retries_left, 2u);
}

CAF_TEST(a delivery through pull_any waits as well) {
  auto waiting = pull_any("^q$");
  auto pushed = push("q", "a");
  CAF_CHECK(!waiting.came());
  safe("q", 1);
  CAF_CHECK(pushed.came());
  safe("q", 9);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
}

CAF_TEST(a queue that is deleted sends those away whose facts are not safe) {
  auto pushed = push("q", "a");
  auto safe_one = pull("q");
  ask<caf::unit_t>(doors.registry, remove_atom::value, std::string{"q"});
  CAF_REQUIRE(pushed.came());
  CAF_CHECK(bounced(pushed.error()));
  CAF_CHECK(safe_one.came());
  auto old = journal->heard.front().queue;
  heard();
  serve("q");
  push("q", "anew");
  CAF_REQUIRE_EQUAL(journal->heard.size(), 1u);
  CAF_CHECK(journal->heard.front().queue != old);
  CAF_CHECK_EQUAL(journal->heard.front().number, 1u);
}

// -- crashes

CAF_TEST(what was not safe when a queue broke is sent again under its number) {
  auto done = push("q", "a");
  safe("q", 1);
  auto waiting = pull("q");
  auto first = push("q", "b");
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2 | 2: leased 1#1@7 for 30000 ms | 3: put 2 retries 2");
  kill("q");
  CAF_CHECK_EQUAL(heard(), "2: leased 1#1@7 for 30000 ms | 3: put 2 retries 2");
  CAF_CHECK(done.came());
  CAF_CHECK(!first.came());
  safe("q", 3);
  CAF_CHECK(first.came());
  push("q", "c");
  CAF_CHECK_EQUAL(heard(), "4: put 3 retries 2");
}

CAF_TEST(who waits for a delivery that is not safe yet gets it from the next actor) {
  auto waiting = pull("q");
  push("q", "a");
  kill("q");
  CAF_CHECK(!waiting.came());
  safe("q", 1);
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
}

CAF_TEST(a queue that crashed too often answers those who wait and keeps what was not safe) {
  auto waiting = pull("q");
  auto pushed = push("q", "a");
  for (int i = 0; i < 6; ++i) {
    auto q = ask<queue_ref>(doors.registry, find_atom::value, std::string{"q"});
    if (!q.refused())
      caf::anon_send_exit(q.value().actor, caf::exit_reason::kill);
    consume_messages();
  }
  CAF_REQUIRE(pushed.came());
  CAF_CHECK(pushed.refused());
  CAF_REQUIRE(waiting.came());
  CAF_CHECK(waiting.refused());
  heard();
  ask<caf::unit_t>(doors.registry, revive_atom::value, std::string{"q"});
  CAF_CHECK_EQUAL(heard(), "1: put 1 retries 2; leased 1#1@7 for 30000 ms");
  safe("q", 1);
  CAF_CHECK_EQUAL(heard(), "2: ended 1#1@7 retries 2 in place");
  auto got = pull("q", 0s);
  CAF_CHECK_EQUAL(body(got), "a");
}

CAF_TEST(a push for which the disk has no room is refused until others are stored) {
  auto& room = *journal->room;
  auto one = write_room::writes_of_a_message * (memory_bytes(text("a")) + write_room::bytes_beside);
  room.set(2 * one, room.stored());
  auto a = push_as("q", {5, 1}, "a"), b = push_as("q", {5, 2}, "b"), c = push_as("q", {5, 3}, "c");
  CAF_REQUIRE(c.came());
  CAF_CHECK(c.why().why == reason::no_space);
  CAF_CHECK(!a.came() && !b.came());
  auto again = push_as("q", {5, 2}, "b"); // it has room already
  CAF_CHECK(!again.came());
  CAF_CHECK_EQUAL(room.stored(), 0u);
  safe("q", 2);
  CAF_CHECK(a.came() && b.came() && again.came());
  CAF_CHECK_EQUAL(room.stored(), 2 * one);
  room.set(one, room.stored()); // the next look
  CAF_CHECK(!push_as("q", {5, 4}, "d").came());
  CAF_CHECK(push_as("q", {5, 5}, "e").came());
  tell("q", drop_atom::value);
  CAF_CHECK_EQUAL(room.stored(), 3 * one);
}

CAF_TEST(what a full queue refuses takes no room and dead letters on their way need none) {
  auto& room = *journal->room;
  property_set one_message;
  one_message.max_messages = 1;
  ask<caf::unit_t>(doors.registry, patch_atom::value, "q", one_message);
  push_as("q", {5, 1}, "a");
  safe("q", 1);
  auto stored = room.stored();
  room.set(1000, stored);
  CAF_CHECK(push_as("q", {5, 2}, "b").came());
  CAF_CHECK(room.stored() > stored); // taken, and given up
  room.set(0, room.stored());
  serve("other");
  CAF_CHECK(push_as("other", {5, 3}, "x").came());
  auto dead = push_as("other", moved_id({5, 7}, "other"), "dead");
  CAF_CHECK(!dead.came());
  safe("other", 1);
  CAF_CHECK(dead.came() && !dead.refused());
}

CAF_TEST_FIXTURE_SCOPE_END()
