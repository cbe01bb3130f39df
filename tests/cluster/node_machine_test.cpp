// Node machines: views, homes, safety, questions. The simulator tries all of it together; here is each by
// itself.
#define CAF_SUITE node_machine

#include "tests/cluster/machines.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <tuple>

using namespace lmq;
using namespace lmq::machines;
using namespace std::chrono_literals;

namespace {

constexpr message_id m1{7, 1}, m2{7, 2}, m3{7, 3};

/// Two nodes in one view, and a queue whose home is the first.
struct two : fixture {
  explicit two(std::size_t min_copies = 1, node_options usually = {})
      : a((usual = std::move(usually), start("anna", {}, min_copies))), b(start("bert", {}, min_copies)) {
    connect(a, b);
    run(1s);
    queue = queue_of(a, b);
    CAF_REQUIRE(!queue.empty());
    forget();
  }

  /// The queue at its home takes that push in.
  void put(message_id id, std::uint64_t number) {
    a.machine.record(queue, {facts::put{id, text("x"), 5, std::nullopt}}, number, now, a.effects);
  }

  simple_node &a, &b;
  std::string queue;
};

/// How that node stands to the one that tells.
member_state state_of(const simple_node& whom, const simple_node& teller, time_point now) {
  for (const auto& m : teller.machine.status(now).members)
    if (m.name == whom.id.name)
      return m.state;
  return member_state::away;
}

lease_id lease_of(message_id m, home_tag home) {
  return {m, 1, home};
}

} // namespace

// -- views

CAF_TEST(a node that knows nobody serves at once) {
  fixture f;
  auto& a = f.start("anna");
  f.run(10ms);
  CAF_CHECK(a.machine.active());
  CAF_CHECK_EQUAL(a.machine.current().members.size(), 1u);
}

CAF_TEST(a node that is to join others waits for them but not for ever) {
  fixture f;
  auto& a = f.start("anna", {"bert:1"});
  f.run(9900ms, 100ms);
  CAF_CHECK(!a.machine.active());
  CAF_CHECK(!a.machine.status(f.now).reason.empty());
  f.run(300ms, 100ms);
  CAF_CHECK(a.machine.active());
}

CAF_TEST(a node whose fellows all refuse serves at once) {
  fixture f;
  auto& a = f.start("anna", {"bert:1", "carl:1"});
  f.run();
  a.machine.refused("bert:1", f.now, a.effects);
  f.run();
  CAF_CHECK(!a.machine.active());
  a.machine.refused("carl:1", f.now, a.effects);
  f.run();
  CAF_CHECK(a.machine.active());
}

CAF_TEST(nodes that are connected make one view and agree on homes) {
  fixture f;
  auto &a = f.start("anna"), &b = f.start("bert"), &c = f.start("carl");
  f.connect(a, b);
  f.connect(b, c);
  f.connect(a, c);
  f.run(500ms);
  for (auto* n : {&a, &b, &c}) {
    CAF_CHECK(n->machine.active());
    CAF_CHECK_EQUAL(n->machine.current().members.size(), 3u);
    CAF_CHECK(n->machine.current() == a.machine.current());
  }
  CAF_CHECK(a.machine.home("some queue") == c.machine.home("some queue"));
}

CAF_TEST(a node that not all hear is a member and home of nothing) {
  fixture f;
  auto &a = f.start("anna"), &b = f.start("bert"), &c = f.start("carl");
  f.connect(a, b);
  f.connect(a, c); // bert and carl do not hear each other
  f.run(1500ms);
  CAF_CHECK_EQUAL(a.machine.current().members.size(), 3u);
  CAF_REQUIRE_EQUAL(a.machine.current().homes.size(), 1u);
  CAF_CHECK_EQUAL(a.machine.current().homes.front().name, "anna");
  CAF_CHECK(b.machine.active() && c.machine.active());
}

CAF_TEST(when a process is gone the others go on without it at once) {
  two f;
  f.kill(f.b);
  f.run(20ms);
  CAF_CHECK(f.a.machine.active());
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 1u);
}

CAF_TEST(a node that is silent is given up after a second) {
  two f;
  f.cut = {{"anna", "bert"}, {"bert", "anna"}};
  f.run(700ms);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 2u);
  f.run(600ms);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 1u);
  CAF_CHECK(f.a.machine.active() && f.b.machine.active());
  f.cut.clear();
  f.run(2s);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 2u);
}

CAF_TEST(a new view begins when the queues of the old one have stopped) {
  fixture f;
  auto &a = f.start("anna"), &b = f.start("bert");
  f.run(20ms);
  a.machine.record("q", {facts::put{m1, text("x"), 5, std::nullopt}}, 1, f.now, a.effects);
  a.machine.ask(1, "q", asked::pull{0ms}, f.now, a.effects); // the queue serves here
  a.holds_by_itself = false;
  f.connect(a, b);
  f.run(500ms);
  CAF_REQUIRE_EQUAL(a.all<node_effects::hold_queues>().size(), 1u);
  CAF_CHECK(!a.machine.active() && !b.machine.active());
  a.machine.held(f.now, a.effects);
  f.run();
  CAF_CHECK(a.machine.active() && b.machine.active());
  CAF_CHECK(b.machine.copies().holds("q", m1));
}

CAF_TEST(a node that stood still begins anew before it does anything) {
  two f;
  auto before = f.a.machine.current().id;
  f.now += 3s;
  f.a.machine.tick(f.now, f.a.effects);
  CAF_CHECK(!f.a.machine.active());
  f.b.machine.tick(f.now, f.b.effects); // it judges nobody before it has listened
  f.run(2s);
  CAF_CHECK(f.a.machine.active());
  CAF_CHECK(before < f.a.machine.current().id);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 2u);
}

CAF_TEST(a node that leaves is home of nothing and has left when others hold all) {
  two f;
  f.put(m1, 1);
  CAF_CHECK(f.a.machine.leave(f.now, f.a.effects).has_value());
  CAF_CHECK(!f.a.machine.left());
  f.run(1s);
  CAF_CHECK(f.a.machine.left());
  CAF_CHECK(f.a.machine.home(f.queue) == "bert");
  CAF_CHECK(f.b.machine.copies().holds(f.queue, m1));
  f.a.machine.stay(f.now, f.a.effects);
  f.run(1s);
  CAF_CHECK(f.b.machine.home(f.queue) == "anna");
}

CAF_TEST(a node alone does not leave) {
  fixture f;
  auto& a = f.start("anna");
  f.run(10ms);
  auto no = a.machine.leave(f.now, a.effects);
  CAF_REQUIRE(!no);
  CAF_CHECK(no.error().why == reason::unavailable);
  CAF_CHECK(a.machine.why_not_leave().has_value());
  CAF_CHECK(a.machine.status(f.now).members.front().state == member_state::in_step);
}

CAF_TEST(who has left and still runs is leaving and nobody leaves to it) {
  for (auto leader_leaves : {true, false}) {
    two f;
    auto &leaves = leader_leaves ? f.a : f.b, &stays = leader_leaves ? f.b : f.a;
    CAF_CHECK(leaves.machine.leave(f.now, leaves.effects).has_value());
    f.run(1s);
    CAF_CHECK(leaves.machine.left());
    CAF_CHECK(state_of(leaves, stays, f.now) == member_state::leaving);
    CAF_CHECK(state_of(leaves, leaves, f.now) == member_state::leaving);
    CAF_CHECK(!stays.machine.leave(f.now, stays.effects));
    f.run(1s);
    CAF_CHECK(!stays.machine.left());
    CAF_CHECK(leaves.machine.left());
    CAF_CHECK(stays.machine.home(f.queue) == stays.id.name);
    CAF_CHECK(state_of(stays, leaves, f.now) == member_state::in_step);
  }
}

CAF_TEST(a leave asked for twice is one and a stay ends it) {
  two f;
  CAF_CHECK(f.a.machine.leave(f.now, f.a.effects).has_value());
  CAF_CHECK(f.a.machine.leave(f.now, f.a.effects).has_value());
  f.run(1s);
  CAF_CHECK(f.a.machine.left());
  f.a.machine.stay(f.now, f.a.effects);
  f.run(1s);
  CAF_CHECK(!f.a.machine.left());
  CAF_CHECK(state_of(f.a, f.b, f.now) == member_state::in_step);
}

CAF_TEST(a leave is in vain when the last node that stays has gone) {
  two f;
  f.cut = {{"bert", "anna"}}; // it does not say that it has what there is
  f.put(m1, 1);
  f.run(100ms);
  CAF_CHECK(f.a.machine.leave(f.now, f.a.effects).has_value());
  f.run(100ms);
  CAF_CHECK(!f.a.machine.left());
  CAF_CHECK(!f.a.machine.why_not_leave());
  f.kill(f.b);
  CAF_CHECK(f.a.machine.why_not_leave().has_value());
  f.run(1s);
  CAF_CHECK(!f.a.machine.left());
}

CAF_TEST(of two that leave at once one stays at least) {
  for (auto apart : {0ms, 10ms, 20ms, 100ms, 300ms, 600ms}) {
    two f;
    std::set<std::string> left;
    /// As the node's actor does after each burst.
    auto look = [&](simple_node& n) {
      if (n.machine.left())
        left.insert(n.id.name);
      else if (n.machine.why_not_leave() && !left.contains(n.id.name))
        n.machine.stay(f.now, n.effects);
    };
    auto begun = f.now;
    CAF_CHECK(f.a.machine.leave(f.now, f.a.effects).has_value());
    for (bool asked = false; f.now < begun + 2s; f.run(10ms)) {
      if (!asked && f.now >= begun + apart) {
        asked = true;
        std::ignore = f.b.machine.leave(f.now, f.b.effects);
      }
      look(f.a);
      look(f.b);
    }
    CAF_CHECK(left.size() < 2);
    CAF_CHECK(f.a.machine.active() && f.b.machine.active());
    CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 2u);
  }
}

CAF_TEST(who said farewell is gone and nobody waits for it) {
  two f;
  CAF_CHECK(f.b.machine.leave(f.now, f.b.effects).has_value());
  f.run(1s);
  f.b.machine.farewell();
  f.run(30ms);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 1u);
  CAF_CHECK(f.a.machine.status(f.now).members.back().state == member_state::gone);
}

CAF_TEST(only a member that is away can be forgotten) {
  two f;
  CAF_CHECK(f.a.machine.forget_member("nobody", f.a.effects).error().why == reason::no_such_member);
  CAF_CHECK(f.a.machine.forget_member("anna", f.a.effects).error().why == reason::member_in_use);
  CAF_CHECK(f.a.machine.forget_member("bert", f.a.effects).error().why == reason::member_in_use);
  f.kill(f.b);
  f.run();
  CAF_CHECK(f.a.machine.forget_member("bert", f.a.effects).has_value());
}

// -- facts

CAF_TEST(a fact is safe when every member of the view has it) {
  two f;
  f.cut = {{"anna", "bert"}};
  f.put(m1, 1);
  f.run(200ms);
  CAF_CHECK(f.a.all<node_effects::facts_safe>().empty());
  f.cut.clear();
  f.run(700ms);
  auto safe = f.a.all<node_effects::facts_safe>();
  CAF_REQUIRE_EQUAL(safe.size(), 1u);
  CAF_CHECK_EQUAL(safe.front().number, 1u);
  CAF_CHECK(f.b.machine.copies().holds(f.queue, m1));
}

CAF_TEST(a fact is safe when whoever lacks it is given up) {
  two f;
  f.cut = {{"anna", "bert"}, {"bert", "anna"}};
  f.put(m1, 1);
  f.run(1500ms);
  CAF_CHECK_EQUAL(f.a.all<node_effects::facts_safe>().size(), 1u);
}

CAF_TEST(copies that were apart are equal when they are one view again) {
  two f;
  f.cut = {{"anna", "bert"}, {"bert", "anna"}};
  f.run(1500ms);
  f.put(m1, 1);
  f.b.machine.record(f.queue, {facts::put{m2, text("y"), 5, std::nullopt}}, 1, f.now, f.b.effects);
  f.a.machine.record("gone", {facts::settled{{{9, 9}}, facts::settled::cause::ack}}, 1, f.now, f.a.effects);
  f.b.machine.record("gone", {facts::put{{9, 9}, text("z"), 5, std::nullopt}}, 1, f.now, f.b.effects);
  f.cut.clear();
  f.run(3s);
  CAF_CHECK_EQUAL(f.a.machine.current().members.size(), 2u);
  for (auto* n : {&f.a, &f.b}) {
    CAF_CHECK(n->machine.copies().holds(f.queue, m1) && n->machine.copies().holds(f.queue, m2));
    CAF_CHECK(!n->machine.copies().holds("gone", {9, 9}));
  }
  CAF_CHECK(f.a.machine.copies().context() == f.b.machine.copies().context());
}

CAF_TEST(without enough copies pushes are refused and settles are not ) {
  fixture f;
  auto& a = f.start("anna", {}, 2);
  f.run(20ms);
  a.machine.ask(1, "q", asked::push{m1, text("x")}, f.now, a.effects);
  a.machine.ask(2, "q", asked::settle{lease_of(m2, home_tag{1}), 0, false}, f.now, a.effects);
  f.run(20ms);
  auto answers = a.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  CAF_CHECK_EQUAL(answers.front().number, 1u);
  CAF_CHECK(std::holds_alternative<answered::refused>(answers.front().what));
  CAF_CHECK_EQUAL(a.all<node_effects::ask_queue>().size(), 1u);
}

CAF_TEST(what is decided when too few copies are left is safe and a push is not promised) {
  two f{2};
  auto& a = f.a;
  f.put(m1, 1);
  a.machine.ask(1, f.queue, asked::push{m2, text("x")}, f.now, a.effects);
  f.put(m2, 2);
  a.machine.ask(2, f.queue, asked::settle{lease_of(m1, home_tag{1}), 0, false}, f.now, a.effects);
  f.kill(f.b); // before it could acknowledge
  f.run(100ms);
  CAF_REQUIRE_EQUAL(a.machine.current().members.size(), 1u);
  a.machine.record(f.queue, {facts::settled{{m1}, facts::settled::cause::ack}}, 3, f.now, a.effects);
  a.machine.patch(9, f.queue, {}, f.now, a.effects);
  f.run(20ms);
  auto safe = a.all<node_effects::facts_safe>();
  CAF_REQUIRE(!safe.empty());
  CAF_CHECK_EQUAL(safe.back().number, 3u);
  CAF_CHECK_EQUAL(a.all<node_effects::write_done>().size(), 1u);

  a.machine.queue_told({0, 1}, answered::pushed{0}, f.now, a.effects);
  a.machine.queue_told({0, 2}, answered::nothing{}, f.now, a.effects);
  a.machine.ask(3, f.queue, asked::push{m2, text("x")}, f.now,
                a.effects); // the same, by way of what is known
  f.run(20ms);
  auto answers = a.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 3u);
  for (const auto& answer : answers)
    if (answer.number == 2) {
      CAF_CHECK(std::holds_alternative<answered::nothing>(answer.what));
    } else {
      const auto* no = std::get_if<answered::refused>(&answer.what);
      CAF_REQUIRE(no != nullptr);
      CAF_CHECK(static_cast<reason>(no->why) == reason::unavailable);
    }
}

CAF_TEST(a dead letter that was redriven is settled before its queue serves again) {
  two f;
  auto &a = f.a, &b = f.b;
  auto dead = moved_id(m1, f.queue), other = moved_id(m2, f.queue), plain = m3;
  for (std::uint64_t number = 1; auto id : {dead, other, plain})
    f.put(id, number++);
  b.machine.record("elsewhere",
                   {facts::put{moved_id(dead, ""), text("x"), 5, std::nullopt},
                    facts::put{moved_id(plain, ""), text("x"), 5, std::nullopt}},
                   1, f.now, b.effects);
  f.run(30ms);
  f.kill(a); // before it could tell that the dead letter has gone
  f.run(50ms);
  b.machine.ask(1, f.queue, asked::pull{0ms}, f.now, b.effects);
  f.run(50ms);
  CAF_CHECK(!b.machine.copies().holds(f.queue, dead));
  CAF_CHECK(b.machine.copies().holds(f.queue, other));
  CAF_CHECK(b.machine.copies().holds(f.queue, plain)); // it was never moved there
  bool served = false;
  for (const auto& s : b.all<node_effects::serve_queue>())
    if (s.queue == f.queue) {
      served = true;
      CAF_CHECK_EQUAL(s.units.size(), 2u);
    }
  CAF_CHECK(served);
}

// -- questions

CAF_TEST(a question goes to the home of its queue and its answer comes back) {
  two f;
  f.b.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.b.effects);
  f.run(30ms);
  auto asked = f.a.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  CAF_CHECK(f.b.all<node_effects::ask_queue>().empty());
  f.a.machine.queue_told(asked[0].by, answered::pushed{1}, f.now, f.a.effects);
  f.run(30ms);
  auto answers = f.b.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  CAF_CHECK_EQUAL(answers[0].number, 5u);
}

CAF_TEST(a question whose home dies is asked of the next one) {
  two f;
  f.b.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.b.effects);
  f.run(30ms);
  f.kill(f.a);
  f.run(100ms);
  auto asked = f.b.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  CAF_CHECK((asked[0].by == asker{0, 5}));
}

CAF_TEST(a queue that bounces a question is asked again) {
  two f;
  f.a.machine.ask(5, f.queue, asked::pull{std::nullopt}, f.now, f.a.effects);
  f.run(20ms);
  f.a.machine.queue_told({0, 5}, std::nullopt, f.now, f.a.effects);
  f.run(100ms);
  CAF_CHECK_EQUAL(f.a.all<node_effects::ask_queue>().size(), 2u);
}

CAF_TEST(a push that was taken in before is answered and asked of nobody) {
  two f;
  f.put(m1, 1);
  f.a.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.a.effects);
  f.run(100ms);
  CAF_CHECK(f.a.all<node_effects::ask_queue>().empty());
  CAF_CHECK_EQUAL(f.a.all<node_effects::answer_question>().size(), 1u);
}

namespace {

answered::refused full() {
  return {static_cast<std::uint8_t>(reason::queue_full), "full"};
}

/// Why the only question that was answered was refused; nothing: it was not.
std::optional<reason> refusal_by(const simple_node& n) {
  auto answers = n.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  const auto* no = std::get_if<answered::refused>(&answers[0].what);
  return no != nullptr ? std::optional{static_cast<reason>(no->why)} : std::nullopt;
}

} // namespace

CAF_TEST(a push that a full queue refuses is answered so through another node) {
  two f;
  f.b.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.b.effects);
  f.run(30ms);
  f.a.machine.queue_told(f.a.all<node_effects::ask_queue>().at(0).by, full(), f.now, f.a.effects);
  f.run(30ms);
  CAF_CHECK(refusal_by(f.b) == reason::queue_full);
}

CAF_TEST(a full queue does not say so of a push that its last home may have taken in) {
  two f;
  f.b.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.b.effects);
  f.run(30ms);
  f.kill(f.a);
  f.run(100ms);
  f.b.machine.queue_told({0, 5}, full(), f.now, f.b.effects);
  f.run(30ms);
  CAF_CHECK(refusal_by(f.b) == reason::unavailable);
}

CAF_TEST(a push that is known by the time at which a full queue refuses it was taken in) {
  two f;
  f.a.machine.ask(5, f.queue, asked::push{m1, text("x")}, f.now, f.a.effects);
  f.run(30ms);
  f.put(m1, 1);
  f.a.machine.queue_told({0, 5}, full(), f.now, f.a.effects);
  f.run(100ms);
  CAF_CHECK(!refusal_by(f.a));
}

CAF_TEST(a pull that is forgotten is cancelled where it waits) {
  two f;
  f.b.machine.ask(5, f.queue, asked::pull{std::nullopt}, f.now, f.b.effects);
  f.run(30ms);
  f.b.machine.forget(5, f.now, f.b.effects);
  f.run(30ms);
  CAF_CHECK_EQUAL(f.a.all<node_effects::cancel_pull>().size(), 1u);
}

CAF_TEST(what a forgotten pull brings goes back) {
  two f;
  f.b.machine.ask(5, f.queue, asked::pull{std::nullopt}, f.now, f.b.effects);
  f.run(30ms);
  auto by = f.a.all<node_effects::ask_queue>().at(0).by;
  f.b.machine.forget(5, f.now, f.b.effects);
  f.forget();
  auto tag = f.a.machine.options().tag;
  f.a.machine.queue_told(by, answered::delivered{f.queue, {lease_of(m1, tag), text("x"), 0, {}}}, f.now,
                         f.a.effects);
  f.run(100ms);
  auto asked = f.a.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  CAF_CHECK(std::holds_alternative<asked::give_back>(asked[0].what));
}

CAF_TEST(a delivery of what is settled by now does not leave) {
  two f;
  f.put(m1, 1);
  f.a.machine.ask(5, f.queue, asked::pull{std::nullopt}, f.now, f.a.effects);
  f.b.machine.record(f.queue, {facts::settled{{m1}, facts::settled::cause::ack}}, 1, f.now, f.b.effects);
  f.run(50ms);
  auto tag = f.a.machine.options().tag;
  f.a.machine.queue_told({0, 5}, answered::delivered{f.queue, {lease_of(m1, tag), text("x"), 0, {}}}, f.now,
                         f.a.effects);
  f.run(100ms);
  CAF_CHECK(f.a.all<node_effects::answer_question>().empty());
  CAF_CHECK_EQUAL(f.a.all<node_effects::forget_messages>().size(), 1u);
}

CAF_TEST(a settle that was done is answered as done when it is asked again) {
  two f;
  f.put(m1, 1);
  f.a.machine.record(f.queue, {facts::settled{{m1}, facts::settled::cause::ack}}, 2, f.now, f.a.effects);
  auto refused = answered::refused{static_cast<std::uint8_t>(reason::no_such_lease), ""};
  for (bool again : {false, true}) {
    f.forget();
    f.a.machine.ask(again ? 6 : 5, f.queue, asked::settle{lease_of(m1, home_tag{1}), 0, again}, f.now,
                    f.a.effects);
    f.run(20ms);
    f.a.machine.queue_told({0, again ? 6U : 5U}, refused, f.now, f.a.effects);
    f.run(20ms);
    auto answers = f.a.all<node_effects::answer_question>();
    CAF_REQUIRE_EQUAL(answers.size(), 1u);
    CAF_CHECK_EQUAL(std::holds_alternative<answered::nothing>(answers[0].what), again);
  }
}

CAF_TEST(an ack under a delivery that was outdone settles and is answered when that is safe) {
  two f;
  f.put(m1, 1);
  f.a.machine.record(f.queue,
                     {facts::leased{m1, 1, home_tag{1}, 10s}, facts::leased{m1, 1, home_tag{2}, 10s}}, 2,
                     f.now, f.a.effects);
  f.run(20ms);
  f.a.machine.ask(5, f.queue, asked::settle{lease_of(m1, home_tag{1}), 0, false}, f.now, f.a.effects);
  f.run(20ms);
  f.a.machine.queue_told({0, 5}, answered::refused{static_cast<std::uint8_t>(reason::no_such_lease), ""},
                         f.now, f.a.effects);
  f.run(50ms);
  CAF_CHECK(!f.b.machine.copies().holds(f.queue, m1));
  auto answers = f.a.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  CAF_CHECK(std::holds_alternative<answered::nothing>(answers[0].what));
}

// -- names, properties, rules

CAF_TEST(what is written on one node is so on the other before it is answered) {
  two f;
  property_set change;
  change.retry = 7;
  f.b.machine.patch(1, "some", change, f.now, f.b.effects);
  f.run(50ms);
  CAF_REQUIRE(f.a.machine.names().find("some") != nullptr);
  CAF_CHECK_EQUAL(*f.a.machine.names().find("some")->own.retry, 7u);
  CAF_CHECK_EQUAL(f.b.all<node_effects::write_done>().size(), 1u);
  CAF_CHECK(!f.a.all<node_effects::metadata_changed>().empty());
}

CAF_TEST(a deletion settles what its node knows of and nothing else) {
  two f;
  f.put(m1, 1);
  f.run(50ms);
  f.cut = {{"anna", "bert"}};
  f.put(m2, 2); // bert has not heard of it
  f.b.machine.remove(1, f.queue, f.now, f.b.effects);
  f.run(100ms);
  CAF_CHECK(!f.a.machine.copies().holds(f.queue, m1));
  CAF_CHECK(f.a.machine.copies().holds(f.queue, m2));
  f.cut.clear();
  f.run(1s);
  CAF_CHECK(f.a.machine.names().contains(f.queue)); // whatever holds a message exists
  CAF_CHECK(f.b.machine.names().contains(f.queue));
  CAF_CHECK(f.b.machine.copies().holds(f.queue, m2));
}

CAF_TEST(what another node deletes is deleted for its home and what it acknowledges is not) {
  using cause = facts::settled::cause;
  two f;
  f.put(m1, 1);
  f.put(m2, 2);
  f.a.machine.ask(1, f.queue, asked::pull{0ms}, f.now, f.a.effects); // the queue serves
  f.run(50ms);
  f.b.machine.record(f.queue, {facts::settled{{m1}, cause::ack}}, 1, f.now, f.b.effects);
  f.run(50ms);
  f.b.machine.remove(2, f.queue, f.now, f.b.effects);
  f.run(50ms);
  auto told = f.a.all<node_effects::forget_messages>();
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK(told[0].what.ids == std::vector{m1} && told[0].what.why == cause::ack);
  CAF_CHECK(told[1].what.ids == std::vector{m2} && told[1].what.why == cause::purge);
}

CAF_TEST(what a deleted queue has decided reaches the queue that came after it) {
  two f;
  f.put(m1, 1);
  f.run(50ms);
  f.a.machine.remove(1, f.queue, f.now, f.a.effects);
  f.run(50ms);
  f.a.machine.ask(1, f.queue, asked::push{m2, text("x")}, f.now, f.a.effects);
  f.run(50ms);
  CAF_REQUIRE(f.a.machine.serves(f.queue));
  f.put(m3, node_machine::of_deleted);
  f.run(50ms);
  auto adopted = f.a.all<node_effects::adopt_units>();
  CAF_REQUIRE_EQUAL(adopted.size(), 1u);
  CAF_CHECK_EQUAL(adopted[0].units.at(0).unit, m3);
  CAF_CHECK(f.b.machine.copies().holds(f.queue, m3));
}

CAF_TEST(what a deleted queue has decided keeps no answer of its successor waiting) {
  two f;
  f.put(m1, 7);
  f.put(m2, node_machine::of_deleted);
  f.run(50ms);
  auto safe = f.a.all<node_effects::facts_safe>();
  CAF_REQUIRE_EQUAL(safe.size(), 1u);
  CAF_CHECK_EQUAL(safe[0].number, 7u);
}

// -- much at once

namespace {

/// Bounds that a few kilobytes reach.
node_options narrow() {
  node_options o;
  o.of_links.frame_bytes_max = 200;
  o.of_links.window_bytes_max = 1000;
  o.unacknowledged_bytes_max = 10'000;
  o.waiting_bytes_max = 10'000;
  return o;
}

message large(std::size_t bytes = 4000) {
  return text(std::string(bytes, 'x'));
}

/// Of that node's own clients, in the order in which its queues are asked.
std::vector<std::uint64_t> let_in(const simple_node& n) {
  std::vector<std::uint64_t> numbers;
  for (const auto& asked : n.all<node_effects::ask_queue>())
    numbers.push_back(asked.by.number);
  return numbers;
}

bool has_given_up_somebody(const simple_node& n) {
  auto notes = n.all<node_effects::note>();
  return std::any_of(notes.begin(), notes.end(),
                     [](const auto& x) { return x.line.starts_with("cluster.given_up"); });
}

std::size_t backlog_bytes(const simple_node& of, time_point now) {
  std::size_t bytes = 0;
  for (const auto& m : of.machine.status(now).members)
    bytes += m.lag_bytes;
  return bytes;
}

const std::set<std::pair<std::string, std::string>> both_ways{{"anna", "bert"}, {"bert", "anna"}};

} // namespace

CAF_TEST(a peer that is slow and goes on acknowledging is kept however much waits for it) {
  two f{1, narrow()};
  f.a.machine.record(f.queue, {facts::put{m1, large(2'000'000), 5, std::nullopt}}, 1, f.now, f.a.effects);
  int rounds = 0;
  for (; f.a.all<node_effects::facts_safe>().empty() && rounds < 100; ++rounds) {
    f.cut = both_ways;
    f.run(500ms);
    f.cut.clear();
    f.run(300ms);
  }
  CAF_CHECK(rounds > 3 && rounds < 100);
  CAF_CHECK(!has_given_up_somebody(f.a) && !has_given_up_somebody(f.b));
  CAF_CHECK(f.b.machine.copies().holds(f.queue, m1));
}

CAF_TEST(a peer that is heard and acknowledges nothing for a second is given up) {
  auto with_disks = narrow();
  with_disks.stores = true;
  two f{1, with_disks};
  f.b.writes_by_itself = false;
  f.put(m1, 1);
  f.run(900ms);
  CAF_CHECK(!has_given_up_somebody(f.a));
  f.run(200ms);
  CAF_CHECK(has_given_up_somebody(f.a));
}

CAF_TEST(a peer has the time to write what is large and not for ever) {
  auto with_disks = narrow();
  with_disks.stores = true;
  with_disks.disk_speed_min = 2000;
  two f{1, with_disks};
  f.b.writes_by_itself = false;
  f.a.machine.record(f.queue, {facts::put{m1, large(4000), 5, std::nullopt}}, 1, f.now, f.a.effects);
  f.run(2900ms);
  CAF_CHECK(!has_given_up_somebody(f.a));
  f.run(600ms); // 4000 bytes at 2000 a second, and one second
  CAF_CHECK(has_given_up_somebody(f.a));
}

CAF_TEST(no more pushes are let in than peers may have to acknowledge and the others wait in their order) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 5; ++i)
    f.a.machine.ask(i, f.queue, asked::push{{8, i}, large()}, f.now, f.a.effects);
  f.run(50ms);
  auto first = let_in(f.a);
  CAF_CHECK_EQUAL(first, (std::vector<std::uint64_t>{1, 2, 3})); // what comes below the bound comes in whole
  CAF_CHECK(f.a.machine.waits_untouched(4) && !f.a.machine.waits_untouched(3));
  f.a.machine.queue_told({0, 1}, answered::pushed{1}, f.now, f.a.effects);
  f.run(50ms);
  auto next = let_in(f.a);
  CAF_CHECK_EQUAL(next.size(), 4u);
  CAF_CHECK_EQUAL(next.back(), 4u);
  f.a.machine.forget(2, f.now, f.a.effects);
  f.run(50ms);
  auto last = let_in(f.a);
  CAF_CHECK_EQUAL(last.size(), 5u);
  CAF_CHECK_EQUAL(last.back(), 5u);
}

CAF_TEST(what has been said and is not acknowledged leaves no room for pushes) {
  two f{1, narrow()};
  f.cut = both_ways;
  f.a.machine.record(f.queue, {facts::put{m1, large(12'000), 5, std::nullopt}}, 1, f.now, f.a.effects);
  f.a.machine.ask(5, f.queue, asked::push{m2, large()}, f.now, f.a.effects);
  f.run(300ms);
  auto during = let_in(f.a);
  CAF_CHECK(during.empty());
  f.cut.clear();
  f.run(500ms);
  auto after = let_in(f.a);
  CAF_CHECK_EQUAL(after, std::vector<std::uint64_t>{5});
}

CAF_TEST(a push for which there is no place to wait is refused and those that wait are not) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 7; ++i)
    f.a.machine.ask(i, f.queue, asked::push{{8, i}, large()}, f.now, f.a.effects);
  f.run(50ms);
  auto answers = f.a.all<node_effects::answer_question>();
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  CAF_CHECK_EQUAL(answers[0].number, 7u); // three are let in, and three wait
  const auto* no = std::get_if<answered::refused>(&answers[0].what);
  CAF_REQUIRE(no != nullptr);
  CAF_CHECK(static_cast<reason>(no->why) == reason::unavailable);
}

CAF_TEST(pushes that come through another node wait at the home as well) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 3; ++i)
    f.a.machine.ask(i, f.queue, asked::push{{8, i}, large()}, f.now, f.a.effects);
  f.b.machine.ask(1, f.queue, asked::push{{9, 1}, large()}, f.now, f.b.effects);
  f.run(200ms);
  auto during = f.a.all<node_effects::ask_queue>().size();
  CAF_CHECK_EQUAL(during, 3u);
  f.a.machine.queue_told({0, 1}, answered::pushed{1}, f.now, f.a.effects);
  f.run(50ms);
  auto after = f.a.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(after.size(), 4u);
  CAF_CHECK_EQUAL(after.back().by.incarnation, f.b.id.incarnation);
}

CAF_TEST(pushes of another node that bounce leave their room and are asked again) {
  two f{1, narrow()};
  f.b.machine.ask(1, f.queue, asked::push{{9, 1}, large(12'000)}, f.now, f.b.effects);
  f.run(200ms);
  auto asked = f.a.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  f.a.machine.queue_told(asked[0].by, std::nullopt, f.now, f.a.effects);
  f.run(100ms);
  auto again = f.a.all<node_effects::ask_queue>().size();
  CAF_CHECK_EQUAL(again, 2u);
}

CAF_TEST(a push that waits for its turn goes to the next home when its home dies) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 3; ++i)
    f.a.machine.ask(i, f.queue, asked::push{{8, i}, large()}, f.now, f.a.effects);
  f.b.machine.ask(1, f.queue, asked::push{{9, 1}, large()}, f.now, f.b.effects);
  f.run(200ms);
  f.kill(f.a);
  f.run(200ms);
  auto asked = let_in(f.b);
  CAF_CHECK_EQUAL(asked, std::vector<std::uint64_t>{1});
}

CAF_TEST(pulls and settles do not wait for room) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 4; ++i)
    f.a.machine.ask(i, f.queue, asked::push{{8, i}, large()}, f.now, f.a.effects);
  f.a.machine.ask(5, f.queue, asked::pull{std::nullopt}, f.now, f.a.effects);
  f.a.machine.ask(6, f.queue, asked::settle{lease_of(m1, home_tag{1}), 0, false}, f.now, f.a.effects);
  f.run(50ms);
  auto asked = let_in(f.a);
  CAF_CHECK_EQUAL(asked, (std::vector<std::uint64_t>{1, 2, 3, 5, 6}));
}

CAF_TEST(deliveries to a peer that has much to acknowledge wait and arrive in the end) {
  two f{1, narrow()};
  for (std::uint64_t i = 1; i <= 10; ++i)
    f.b.machine.ask(i, f.queue, asked::pull{std::nullopt}, f.now, f.b.effects);
  f.run(50ms);
  auto tag = f.a.machine.options().tag;
  auto asked = f.a.all<node_effects::ask_queue>();
  CAF_REQUIRE_EQUAL(asked.size(), 10u);
  for (std::uint64_t i = 0; i < 10; ++i)
    f.a.machine.queue_told(asked[i].by, answered::delivered{f.queue, {lease_of({8, i}, tag), large(), 0, {}}},
                           f.now, f.a.effects);
  CAF_CHECK(backlog_bytes(f.a, f.now) < 10'000 + 5000);
  f.run(1s);
  auto answers = f.b.all<node_effects::answer_question>().size();
  CAF_CHECK_EQUAL(answers, 10u);
}
