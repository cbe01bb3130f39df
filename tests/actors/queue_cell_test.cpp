// A queue's cell and the actors that come to work on it: what they find, and what they make of it.
#define CAF_SUITE queue_cell

#include "broker_fixture.hpp"
#include "queue_corruption.hpp"

#include "actors/queue/queue_actor.hpp"
#include "actors/queue/queue_invariants.hpp"

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct fixture : broker_fixture {
  fixture()
      : cell(std::make_shared<queue_cell>(name, properties{}, sched.clock().now(), 1, queue_journal{},
                                          nullptr, account)) {
    begin();
  }

  ~fixture() {
    caf::anon_send(queue_at_work, close_atom::value);
    queue_at_work = nullptr;
    cell.reset();
    consume_messages();
  }

  void begin() {
    cell->life.begin();
    queue_at_work = spawn_queue(sys, cell, cell->machine.in_force(), hooks);
    consume_messages();
  }

  void end() {
    caf::anon_send_exit(queue_at_work, caf::exit_reason::kill);
    consume_messages();
  }

  answer<push_outcome> push_here(const std::string& body) {
    return ask<push_outcome>(queue_at_work, push_atom::value, ids.next(), text(body), request_headers{});
  }
  answer<pulled> pull_here(wait_time wait) {
    return ask<pulled>(queue_at_work, pull_atom::value, next_waiter_id(), wait);
  }

  std::shared_ptr<const std::string> name = std::make_shared<const std::string>("q");
  std::shared_ptr<const hook_catalog> hooks = std::make_shared<const hook_catalog>(hook_catalog::built_in());
  std::shared_ptr<memory_account> account =
    std::make_shared<memory_account>(SIZE_MAX, std::make_shared<push_gate>());
  queue_cell_ptr cell;
  queue_handle queue_at_work;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(queue_cell_tests, fixture)

CAF_TEST(a machine whose invariants fail is built anew before an actor works on it) {
  push_here("a");
  push_here("b");
  auto a = pull_here(0s);
  end();
  queue_corruption::forget_leases(cell->machine);
  queue_corruption::begin_the_sequence_again(cell->machine);
  CAF_CHECK(broken_invariant(cell->machine).has_value());
  begin();
  CAF_CHECK(!broken_invariant(cell->machine).has_value());
  auto lease = a.value().delivery->lease;
  CAF_CHECK(!ask<caf::unit_t>(queue_at_work, settle_atom::value, lease, verdict::ack).refused());
  CAF_CHECK_EQUAL(body(pull_here(0s)), "b");
}

CAF_TEST(who waited in a line that was broken is told to ask again) {
  auto waiting = pull_here(5s);
  end();
  CAF_CHECK(!waiting.came());
  queue_corruption::lose_a_waiters_deadline(cell->machine);
  begin();
  CAF_REQUIRE(waiting.came());
  CAF_REQUIRE(waiting.refused());
  CAF_CHECK(bounced(waiting.error()));
  CAF_CHECK(push_here("a").value() == push_outcome::stored);
  CAF_CHECK_EQUAL(body(pull_here(0s)), "a");
}

CAF_TEST(what was decided is carried out by the next actor) {
  auto waiting = pull_here(std::nullopt);
  end();
  // As a predecessor leaves it that broke between the decision and the deed.
  cell->machine.push(ids.next(), text("a"), sched.clock().now(), cell->decided);
  cell->machine.tick(sched.clock().now(), cell->decided);
  CAF_REQUIRE_EQUAL(cell->decided.size(), 1u);
  CAF_CHECK(!waiting.came());
  begin();
  CAF_REQUIRE(waiting.came());
  CAF_CHECK_EQUAL(body(waiting), "a");
  CAF_CHECK(cell->decided.empty());
}

CAF_TEST(a delivery that finds nobody goes back to its place and costs no retry) {
  auto waiting = pull_here(std::nullopt);
  end();
  cell->machine.push(ids.next(), text("a"), sched.clock().now(), cell->decided);
  cell->machine.tick(sched.clock().now(), cell->decided);
  cell->waiting.clear();
  begin();
  CAF_CHECK(waiting.refused());
  auto got = pull_here(0s);
  CAF_CHECK_EQUAL(body(got), "a");
  CAF_CHECK_EQUAL(got.value().delivery->retries_left, 2u);
}

CAF_TEST(an actor tells why it ended) {
  end();
  CAF_CHECK(cell->life.ended());
  CAF_CHECK_EQUAL(cell->life.reason(), "it was ended from outside");
}

CAF_TEST(the end of a cell answers whoever waits with nothing) {
  auto waiting = pull_here(std::nullopt);
  end();
  cell.reset();
  consume_messages();
  CAF_REQUIRE(waiting.came());
  CAF_CHECK(!waiting.refused());
  CAF_CHECK(!waiting.value().delivery);
}

CAF_TEST(a purge of more than one slice lets others have their turn in between and counts all) {
  cell->purge_slice = 2;
  for (auto* body : {"a", "b", "c", "d", "e"})
    push_here(body);
  auto all = ask<order_outcome>(queue_at_work, order_atom::value, queue_order{orders::purge{}});
  CAF_CHECK(!all.came());
  auto got = pull_here(0s);
  CAF_REQUIRE(got.came());
  CAF_CHECK_EQUAL(body(got), "c");
  push_here("new");
  pass(0s);
  CAF_REQUIRE(all.came());
  CAF_CHECK_EQUAL(std::get<purged>(all.value()).messages, 4u);
  CAF_CHECK_EQUAL(cell->machine.sizes().ready, 1u);
}

CAF_TEST(who purges a queue that crashed too often hears so and what was dropped stays dropped) {
  cell->purge_slice = 2;
  for (auto* body : {"a", "b", "c", "d", "e"})
    push_here(body);
  auto all = ask<order_outcome>(queue_at_work, order_atom::value, queue_order{orders::purge{}});
  cell->refuse_all(to_error({reason::unavailable, "it is down"}));
  consume_messages();
  CAF_REQUIRE(all.came());
  CAF_CHECK_EQUAL(all.why().detail, "it is down");
  pass(0s);
  CAF_CHECK_EQUAL(cell->machine.sizes().ready, 3u);
}

CAF_TEST(a cell tells what it holds and its actors share in that and its end gives it back) {
  push_here("a");
  push_here("b");
  auto both = account->held_bytes();
  CAF_CHECK_EQUAL(both, cell->machine.sizes().memory_bytes);
  CAF_CHECK(both > 2 * sizeof(message));
  auto a = pull_here(0s);
  auto lease = a.value().delivery->lease;
  ask<caf::unit_t>(queue_at_work, settle_atom::value, lease, verdict::ack);
  auto one = account->held_bytes();
  CAF_CHECK_EQUAL(one, both / 2);
  end();
  CAF_CHECK_EQUAL(account->held_bytes(), one);
  begin();
  CAF_CHECK_EQUAL(account->held_bytes(), one);
  end();
  cell.reset();
  CAF_CHECK_EQUAL(account->held_bytes(), 0u);
}

CAF_TEST(a queue that is closed holds nothing) {
  push_here("a");
  CAF_CHECK(account->held_bytes() > 0);
  ask<caf::unit_t>(queue_at_work, close_atom::value);
  CAF_CHECK_EQUAL(account->held_bytes(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
