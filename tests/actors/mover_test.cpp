// Messages on their way from queue to queue, while actors are killed at every step of it: each is in one of
// them at the end, once.
#define CAF_SUITE mover

#include "actors/queue/queue_machine.hpp"
#include "core/dead_letter.hpp"
#include "journal_fixture.hpp"

#include <map>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

property_set dead_letters_to(const std::string& queue) {
  property_set p;
  p.retry = 0;
  p.dead_letter = queue;
  return p;
}

template <class Fixture>
struct with_dead_letters : Fixture {
  void nack_all(const std::string& name) {
    for (;;) {
      auto got = this->pull(name, 0s);
      CAF_REQUIRE(got.came() && !got.refused());
      if (!got.value().delivery)
        return;
      CAF_CHECK(!this->settle(name, got.value().delivery->lease, verdict::nack).refused());
    }
  }

  template <class Handle>
  void kill_actor(const Handle& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
  }

  /// Whatever was put off is done.
  void let_it_settle() {
    for (int i = 0; i < 3; ++i)
      this->pass(queue_machine::move_pause);
    this->doors = this->template ask<broker>(this->doors.supervisor, doors_atom::value).value();
  }

  /// Bodies of what is ready, each as often as it is there.
  std::map<std::string, int> drain(const std::string& name) {
    std::map<std::string, int> all;
    for (;;) {
      auto got = this->pull(name, 0s);
      CAF_REQUIRE(got.came() && !got.refused());
      if (!got.value().delivery)
        return all;
      const auto& content = got.value().delivery->content;
      if (const auto* single = std::get_if<message>(&content))
        ++all[std::string{single->content.body()}];
      else
        for (const auto& p : *std::get<1>(content))
          ++all[std::string{p.content.content.body()}];
      CAF_CHECK(!this->settle(name, got.value().delivery->lease, verdict::ack).refused());
    }
  }
};

struct in_memory : with_dead_letters<broker_fixture> {
  /// As many steps as there are until then, or so many.
  bool run(int steps) {
    for (int i = 0; i < steps; ++i)
      if (!sched.try_run_once())
        return false;
    return true;
  }

  void nack_later(const std::string& name) {
    auto got = pull(name, 0s);
    ask_later<caf::unit_t>(queue(name).actor, settle_atom::value, got.value().delivery->lease, verdict::nack);
  }

  /// Its actor, without letting anything happen for it; null: there is none yet.
  queue_handle ask_now(const std::string& name) {
    auto it = actors.find(name);
    return it == actors.end() ? queue_handle{} : it->second;
  }

  void know(const std::string& name) { actors[name] = queue(name).actor; }

  std::map<std::string, queue_handle> actors;

  answer<std::uint64_t> redrive(const std::string& name, std::uint64_t limit = 100) {
    return ask<std::uint64_t>(queue(name).actor, redrive_atom::value, limit);
  }
};

using bodies = std::map<std::string, int>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(mover_in_memory_tests, in_memory)

CAF_TEST(a dead letter comes to the queue that is made for it and tells how it died) {
  patch("q", dead_letters_to("dead"));
  push("q", "a");
  nack_all("q");
  auto got = pull("dead", 0s);
  CAF_CHECK_EQUAL(body(got), "a");
  const auto& m = std::get<message>(got.value().delivery->content);
  CAF_CHECK_EQUAL(dead_queue_of(m).value_or(""), "q");
  CAF_CHECK_EQUAL(m.content.content_type(), "text/plain");
  CAF_CHECK_EQUAL(got.value().delivery->retries_left, 2u);
  CAF_CHECK(drain("q").empty());
}

CAF_TEST(of a compound each message becomes a dead letter of its own) {
  auto p = dead_letters_to("dead");
  p.accum = 1s;
  patch("q", p);
  for (auto* text_of_it : {"a", "b", "c"})
    push("q", text_of_it);
  pass(1s);
  nack_all("q");
  CAF_CHECK((drain("dead") == bodies{{"a", 1}, {"b", 1}, {"c", 1}}));
  CAF_CHECK_EQUAL(ask<queue_report>(queue("q").actor, report_atom::value).value().size, 0u);
}

CAF_TEST(it is once in one of the queues at whichever step which actor is killed) {
  bool more = true;
  for (int steps = 0; more; ++steps) {
    more = false;
    for (int who = 0; who < 4; ++who) {
      auto q = "q" + std::to_string(steps) + "-" + std::to_string(who), dead = "dead-" + q;
      auto p = dead_letters_to(dead);
      if (steps % 2 == 1)
        p.accum = 1ms;
      patch(q, p);
      push(q, "a");
      push(q, "b");
      pass(1ms);
      know(q);
      if (who == 1)
        know(dead);
      nack_later(q);
      if (steps % 2 == 0)
        nack_later(q);
      more |= run(steps);
      switch (who) {
      case 0: kill_actor(ask_now(q)); break;
      case 1: kill_actor(ask_now(dead)); break;
      case 2: kill_actor(doors.registry); break;
      case 3: kill_actor(doors.fan_out); break; // has nothing to do with it
      }
      consume_messages();
      let_it_settle();
      pass(30s); // where the nack itself was lost
      let_it_settle();
      CAF_CHECK((drain(dead) == bodies{{"a", 1}, {"b", 1}}));
      CAF_CHECK_EQUAL(ask<queue_report>(queue(q).actor, report_atom::value).value().size, 0u);
    }
  }
}

CAF_TEST(a full queue of dead letters takes them later and loses none) {
  property_set few;
  few.max_messages = 1;
  patch("dead", few);
  patch("q", dead_letters_to("dead"));
  for (auto* text_of_it : {"a", "b", "c"})
    push("q", text_of_it);
  nack_all("q");
  CAF_CHECK_EQUAL(ask<queue_report>(queue("q").actor, report_atom::value).value().size, 2u);
  push("q", "not held up");
  CAF_CHECK((drain("q") == bodies{{"not held up", 1}}));
  bodies all;
  for (int i = 0; i < 3; ++i) {
    for (auto& [text_of_it, n] : drain("dead"))
      all[text_of_it] += n;
    pass(queue_machine::move_pause);
  }
  CAF_CHECK((all == bodies{{"a", 1}, {"b", 1}, {"c", 1}}));
}

CAF_TEST(dead letters that are redriven begin anew where they died) {
  auto p = dead_letters_to("dead");
  patch("q", p);
  push("q", "a");
  push("q", "b");
  nack_all("q");
  p.retry = 5;
  patch("q", p);
  CAF_CHECK_EQUAL(redrive("dead", 1).value(), 1u);
  auto got = pull("q", 0s);
  CAF_CHECK_EQUAL(body(got), "a");
  CAF_CHECK_EQUAL(got.value().delivery->retries_left, 5u);
  CAF_CHECK(std::get<message>(got.value().delivery->content).preserved == nullptr);
  CAF_CHECK_EQUAL(redrive("dead").value(), 1u);
  CAF_CHECK_EQUAL(redrive("dead").value(), 0u);
  CAF_CHECK((drain("q") == bodies{{"b", 1}}));
  CAF_CHECK(drain("dead").empty());
}

CAF_TEST(it can die and be redriven again and again) {
  patch("q", dead_letters_to("dead"));
  push("q", "a");
  for (int i = 0; i < 5; ++i) {
    nack_all("q");
    CAF_CHECK_EQUAL(redrive("dead").value(), 1u);
  }
  CAF_CHECK((drain("q") == bodies{{"a", 1}}));
}

CAF_TEST(what the queue where it died refuses stays and is not counted) {
  patch("q", dead_letters_to("dead"));
  push("q", "a");
  push("q", "b");
  nack_all("q");
  property_set few;
  few.max_messages = 1;
  patch("q", few);
  CAF_CHECK_EQUAL(redrive("dead").value(), 1u);
  CAF_CHECK((drain("q") == bodies{{"a", 1}}));
  CAF_CHECK((drain("dead") == bodies{{"b", 1}}));
}

CAF_TEST(what is redriven is once in one of the queues at whichever step which actor is killed) {
  bool more = true;
  for (int steps = 0; more; ++steps) {
    more = false;
    for (int who = 0; who < 3; ++who) {
      auto q = "q" + std::to_string(steps) + "-" + std::to_string(who), dead = "dead-" + q;
      patch(q, dead_letters_to(dead));
      push(q, "a");
      push(q, "b");
      nack_all(q);
      know(q);
      know(dead);
      ask_later<std::uint64_t>(queue(dead).actor, redrive_atom::value, std::uint64_t{10});
      more |= run(steps);
      switch (who) {
      case 0: kill_actor(ask_now(q)); break;
      case 1: kill_actor(ask_now(dead)); break;
      case 2: kill_actor(doors.registry); break;
      }
      consume_messages();
      let_it_settle();
      auto all = drain(q);
      for (auto& [text_of_it, n] : drain(dead))
        all[text_of_it] += n;
      CAF_CHECK((all == bodies{{"a", 1}, {"b", 1}}));
    }
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- with a journal ----------------------------------------------------------------------------------------------------

namespace {

struct with_journal : with_dead_letters<journal_fixture> {
  with_journal() {
    patch("q", dead_letters_to("dead"));
    serve("q");
    push_as("q", {3, 1}, "a");
    safe("q", 1);
    auto got = pull("q", 0s);
    safe("q", 2);
    lease = got.value().delivery->lease;
    heard();
  }

  /// A dead letter of "q", as a copy of "dead" holds it.
  held_unit dead_letter(delivery_state s = {0, 2, false, {}, {}}) const {
    return {letter, dead_letter_of(text("a"), "q", 1), s, {}};
  }
  void adopt(const std::string& name, std::vector<held_unit> units) {
    tell(name, adopt_atom::value,
         unit_list{std::make_shared<const std::vector<held_unit>>(std::move(units))});
  }
  void forget(const std::string& name, std::vector<message_id> which) {
    tell(name, forget_atom::value,
         settled_messages{std::make_shared<const facts::settled>(facts::settled{std::move(which)})});
  }
  answer<std::uint64_t> redrive_dead() {
    return ask<std::uint64_t>(queue("dead").actor, redrive_atom::value, std::uint64_t{10});
  }

  void nack() { ask<caf::unit_t>(queue("q").actor, settle_atom::value, lease, verdict::nack); }
  void no_more(reason why) { journal->refuse = refusal{why, "because"}; }

  lease_id lease;
  message_id letter = moved_id({3, 1}, "dead");
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(mover_with_journal_tests, with_journal)

CAF_TEST(nothing goes before it is safe that it is out of retries) {
  nack();
  CAF_CHECK_EQUAL(journal->moved.size(), 0u);
  safe("q", 3);
  CAF_REQUIRE_EQUAL(journal->moved.size(), 1u);
  CAF_CHECK_EQUAL(journal->moved[0].queue, "dead");
  CAF_CHECK((journal->moved[0].id == moved_id({3, 1}, "dead")));
  CAF_CHECK_EQUAL(dead_queue_of(journal->moved[0].content).value_or(""), "q");
  heard();
}

CAF_TEST(it is settled when the other queue has it and not before) {
  no_more(reason::queue_full);
  nack();
  safe("q", 3);
  heard();
  CAF_CHECK_EQUAL(report("q").size, 1u);
  journal->refuse = std::nullopt;
  pass(queue_machine::move_pause);
  CAF_CHECK_EQUAL(heard(), "4: discarded [1]");
  CAF_CHECK_EQUAL(report("q").size, 0u);
}

CAF_TEST(a queue that is killed asks again under the same id) {
  no_more(reason::unavailable);
  nack();
  safe("q", 3);
  for (int i = 0; i < 3; ++i) {
    kill("q");
    pass(queue_machine::move_pause);
  }
  journal->refuse = std::nullopt;
  pass(queue_machine::move_pause);
  CAF_CHECK(journal->moved.size() >= 4u);
  for (const auto& m : journal->moved)
    CAF_CHECK((m.id == moved_id({3, 1}, "dead") && m.queue == "dead"));
  CAF_CHECK_EQUAL(report("q").size, 0u);
}

CAF_TEST(where nobody knows what came of it the same queue is asked whatever the property says by then) {
  no_more(reason::unavailable);
  nack();
  safe("q", 3);
  patch("q", dead_letters_to("other"));
  pass(queue_machine::move_pause);
  CAF_CHECK_EQUAL(journal->moved.back().queue, "dead");
  no_more(reason::queue_full);
  pass(queue_machine::move_pause);
  CAF_CHECK_EQUAL(journal->moved.back().queue, "dead");
  journal->refuse = std::nullopt;
  pass(queue_machine::move_pause);
  CAF_CHECK_EQUAL(journal->moved.back().queue, "other");
}

CAF_TEST(a queue that is held moves nothing and goes on when it serves again) {
  nack();
  hold("q");
  safe("q", 3);
  CAF_CHECK_EQUAL(journal->moved.size(), 0u);
  serve("q");
  CAF_CHECK_EQUAL(journal->moved.size(), 1u);
  CAF_CHECK_EQUAL(report("q").size, 0u);
}

CAF_TEST(a queue that is dropped forgets it and the next home goes on) {
  no_more(reason::unavailable);
  nack();
  safe("q", 3);
  tell("q", drop_atom::value);
  journal->refuse = std::nullopt;
  pass(queue_machine::move_pause);
  CAF_CHECK_EQUAL(journal->moved.size(), 1u);
  serve("q", {{{3, 1}, text("a"), {1, 0, true, home_tag{7}, {}}, {}}});
  CAF_CHECK_EQUAL(journal->moved.size(), 2u);
  CAF_CHECK((journal->moved[1].id == journal->moved[0].id));
}

CAF_TEST(a redrive is answered when what it asked about in vain is settled elsewhere) {
  serve("dead", {dead_letter()});
  no_more(reason::unavailable);
  auto redriven = redrive_dead();
  CAF_CHECK_EQUAL(journal->moved.size(), 1u);
  CAF_CHECK(!redriven.came());
  forget("dead", {letter});
  CAF_REQUIRE(redriven.came());
  CAF_CHECK_EQUAL(redriven.value(), 0u);
}

CAF_TEST(a redrive is answered when what it has not asked about yet is settled elsewhere) {
  serve("dead", {dead_letter()});
  push_as("dead", {9, 1}, "is not safe"); // nothing goes before what was decided before
  auto redriven = redrive_dead();
  CAF_CHECK_EQUAL(journal->moved.size(), 0u);
  forget("dead", {letter});
  CAF_REQUIRE(redriven.came());
  CAF_CHECK_EQUAL(redriven.value(), 0u);
}

CAF_TEST(a redrive is answered when another home has come further with what it moves) {
  serve("dead", {dead_letter()});
  no_more(reason::unavailable);
  auto redriven = redrive_dead();
  adopt("dead", {dead_letter({1, 1, false, home_tag{9}, {}})});
  CAF_REQUIRE(redriven.came());
  CAF_CHECK_EQUAL(redriven.value(), 0u);
  CAF_CHECK_EQUAL(report("dead").size, 1u);
}

CAF_TEST(what is redriven goes where it died although it was on its way elsewhere before) {
  patch("dead", dead_letters_to("deader"));
  no_more(reason::unavailable);
  serve("dead", {dead_letter({1, 0, true, home_tag{9}, {}})});
  CAF_REQUIRE_EQUAL(journal->moved.size(), 1u);
  CAF_CHECK_EQUAL(journal->moved[0].queue, "deader");
  adopt("dead", {dead_letter({2, 0, false, home_tag{9}, {}})}); // it is ready again
  journal->refuse = std::nullopt;
  auto redriven = redrive_dead();
  pass(queue_machine::move_pause);
  CAF_REQUIRE_EQUAL(journal->moved.size(), 2u);
  CAF_CHECK_EQUAL(journal->moved[1].queue, "q");
  CAF_CHECK((journal->moved[1].id == moved_id(letter, "")));
  CAF_REQUIRE(redriven.came());
  CAF_CHECK_EQUAL(redriven.value(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
