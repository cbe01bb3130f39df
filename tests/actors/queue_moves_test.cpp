// What leaves a queue machine for another queue: messages out of retries, and dead letters sent back.
#define CAF_SUITE queue_moves

#include "core/dead_letter.hpp"
#include "fact_text.hpp"
#include "queue_driver.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using refused_how = queue_machine::refused_how;

properties with_dead_letter(std::uint32_t retry = 0) {
  auto p = with({.retry = retry, .timeout = 10s});
  p.dead_letter = "dead";
  return p;
}

/// Units that were to be moved, as bodies with where to.
std::string moves_of(const queue_driver& q) {
  std::string text;
  for (const auto& m : q.moves) {
    text += (text.empty() ? "" : " ");
    if (const auto* single = std::get_if<message>(&m.content))
      text += std::string{single->content.body()};
    else
      text += std::to_string(std::get<1>(m.content)->size()) + " parts";
    text += ">" + m.to.value_or("(back)") + "#" + std::to_string(m.deliveries);
  }
  return text;
}

std::string facts_of(const queue_driver& q) {
  return joined(texts(q.recorded));
}

/// A message of which somebody has said no for the last time.
message_id kill(queue_driver& q, const std::string& body) {
  q.push(body);
  auto got = q.pull_now();
  CAF_CHECK_EQUAL(got.body, body);
  CAF_CHECK(q.nack(got.lease));
  return got.lease.message;
}

/// A dead letter from `elsewhere`.
message_id push_dead(queue_driver& q, std::uint64_t n) {
  auto id = moved_id({9, n}, "q");
  effects out;
  auto dead = dead_letter_of({payload::copy_of("t", std::to_string(n)), nullptr}, "elsewhere", 2);
  CAF_CHECK(q.machine.push(id, dead, q.now, out).has_value());
  q.tick();
  return id;
}

} // namespace

CAF_TEST(a message out of retries goes to the queue of dead letters and nowhere else) {
  queue_driver q{with_dead_letter(1)};
  q.push("a");
  for (int i = 0; i < 2; ++i)
    CAF_CHECK(q.nack(q.pull_now().lease));
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#2");
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.moved(q.moves.front().unit);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
  CAF_CHECK_EQUAL(q.machine.counts().dead_lettered, 1u);
  CAF_CHECK_EQUAL(q.machine.counts().discarded, 0u);
  CAF_CHECK(q.discarded.empty());
}

CAF_TEST(it goes at once though nobody pulls and it is not the first in line) {
  queue_driver q{with_dead_letter()};
  q.push("a");
  q.push("b");
  q.pull_now();
  q.advance(10s);
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#1");
}

CAF_TEST(what leaves holds up nobody) {
  queue_driver q{with_dead_letter()};
  kill(q, "a");
  q.push("b");
  CAF_CHECK_EQUAL(q.body_now(), "b");
  CAF_CHECK(!q.machine.next_deadline() || *q.machine.next_deadline() == q.now + 10s);
}

CAF_TEST(a refusal keeps it and it is tried again after a pause) {
  queue_driver q{with_dead_letter()};
  auto a = kill(q, "a");
  q.not_moved(a);
  CAF_CHECK_EQUAL(q.moves.size(), 1u);
  auto b = kill(q, "b");
  CAF_CHECK_EQUAL(q.moves.size(), 1u); // the pause is for all
  q.advance(queue_machine::move_pause - 1ms);
  CAF_CHECK_EQUAL(q.moves.size(), 1u);
  q.advance(1ms);
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#1 a>dead#1 b>dead#1");
  q.moved(a);
  q.moved(b);
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
}

CAF_TEST(a change of the property shows where the next try goes) {
  queue_driver q{with_dead_letter()};
  auto a = kill(q, "a");
  auto p = with_dead_letter();
  p.dead_letter = "other";
  q.configure(p);
  q.not_moved(a);
  q.advance(1s);
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#1 a>other#1");
}

CAF_TEST(without the property what waits is discarded and what is under way is not ) {
  queue_driver q{with_dead_letter()};
  auto a = kill(q, "a");
  q.not_moved(a);
  kill(q, "b");
  q.configure(with({.retry = 0}));
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.discarded.size(), 2u);
  q.configure(with_dead_letter());
  q.advance(queue_machine::move_pause);
  auto c = kill(q, "c");
  q.configure(with({.retry = 0}));
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  q.moved(c);
  CAF_CHECK_EQUAL(q.machine.counts().dead_lettered, 1u);
}

CAF_TEST(an empty name is none) {
  auto p = with_dead_letter();
  p.dead_letter = "";
  queue_driver q{p};
  kill(q, "a");
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.discarded.size(), 1u);
  CAF_CHECK(q.moves.empty());
}

CAF_TEST(what was exhausted before the property was set goes when its turn comes) {
  queue_driver q{with({.retry = 0})};
  kill(q, "a");
  q.configure(with_dead_letter());
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#1");
}

CAF_TEST(no more than so many are under way at one time) {
  queue_driver q{with_dead_letter()};
  for (std::size_t i = 0; i < queue_machine::moves_max + 3; ++i)
    kill(q, std::to_string(i));
  CAF_CHECK_EQUAL(q.moves.size(), queue_machine::moves_max);
  q.moved(q.moves[5].unit);
  CAF_CHECK_EQUAL(q.moves.size(), queue_machine::moves_max + 1);
  CAF_CHECK_EQUAL(std::get<message>(q.moves.back().content).content.body(),
                  std::to_string(queue_machine::moves_max));
}

CAF_TEST(a compound goes as one and its parts are settled together) {
  auto p = with_dead_letter();
  p.accum = 1s;
  queue_driver q{p, {home_tag{7}, true}};
  q.push("a");
  q.push("b");
  q.advance(1s);
  CAF_CHECK(q.nack(q.pull_now().lease));
  CAF_CHECK_EQUAL(moves_of(q), "2 parts>dead#1");
  q.recorded.clear();
  q.moved(q.moves.front().unit);
  CAF_CHECK_EQUAL(facts_of(q), "discarded 1 2");
  CAF_CHECK(!q.machine.holds({1, 1}));
}

CAF_TEST(that it is out of retries is told before it goes and that it has gone when it is safe) {
  queue_driver q{with_dead_letter(), {home_tag{7}, true}};
  auto a = kill(q, "a");
  CAF_CHECK(std::holds_alternative<facts::ended>(q.recorded.back()));
  q.moved(a);
  CAF_CHECK(std::holds_alternative<facts::settled>(q.recorded.back()));
  q.recorded.clear();
  q.moved(a); // told twice
  CAF_CHECK(q.recorded.empty());
}

CAF_TEST(whoever takes the queue over goes on with what is out of retries) {
  queue_driver q{with_dead_letter(), {home_tag{7}, true}};
  held_unit exhausted{
    {5, 1}, message{payload::copy_of("t", "x"), nullptr}, {3, 0, true, home_tag{2}, {}}, {}};
  effects out;
  q.machine.adopt(exhausted, q.now, out);
  q.tick();
  CAF_CHECK_EQUAL(moves_of(q), "x>dead#3");
  q.machine.adopt(exhausted, q.now, out); // told twice
  q.tick();
  CAF_CHECK_EQUAL(q.moves.size(), 1u);
  q.machine.forget({{message_id{5, 1}}}, q.now, out); // another home has ended it
  q.moved({5, 1});
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 0u);
}

CAF_TEST(a lease that somebody else has handed out since counts more) {
  queue_driver q{with_dead_letter(), {home_tag{7}, true}};
  auto a = kill(q, "a");
  effects out;
  q.machine.adopt({a, message{payload::copy_of("t", "a"), nullptr}, {2, 0, false, home_tag{9}, 5s}, {}},
                  q.now, out);
  CAF_CHECK_EQUAL(q.machine.leaving(), 0u);
  q.moved(a);
  CAF_CHECK_EQUAL(q.machine.sizes().leased, 1u);
  q.advance(5s);
  CAF_CHECK_EQUAL(moves_of(q), "a>dead#1 a>dead#2");
}

CAF_TEST(a rebuilt queue still knows what is under way) {
  queue_driver q{with_dead_letter()};
  auto a = kill(q, "a");
  auto b = kill(q, "b");
  q.not_moved(b);
  q.machine.rebuild();
  q.tick();
  CAF_CHECK(q.machine.moves(a));
  CAF_CHECK(!q.machine.moves(b));
  q.moved(a);
  q.advance(1s);
  CAF_CHECK(q.machine.moves(b));
}

CAF_TEST(where nothing is recorded what was moved in is taken once) {
  queue_driver q;
  auto id = push_dead(q, 1);
  CAF_CHECK(q.ack(q.pull_now().lease));
  push_dead(q, 1);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  CAF_CHECK_EQUAL(q.machine.counts().pushed, 1u);
  CAF_CHECK(is_moved(id));
}

CAF_TEST(of what was moved in the oldest are forgotten) {
  queue_driver q;
  for (std::uint64_t n = 0; n <= queue_machine::arrivals_max; ++n) {
    effects out;
    (void)q.machine.push(moved_id({9, n}, "q"), {payload::copy_of("t", ""), nullptr}, q.now, out);
  }
  auto pushed = q.machine.counts().pushed;
  push_dead(q, 1);
  CAF_CHECK_EQUAL(q.machine.counts().pushed, pushed);
  push_dead(q, 0);
  CAF_CHECK_EQUAL(q.machine.counts().pushed, pushed + 1);
}

CAF_TEST(dead letters that are ready go back and others stay) {
  queue_driver q;
  push_dead(q, 1);
  q.push("mine");
  push_dead(q, 2);
  push_dead(q, 3);
  auto leased = q.pull_now();
  CAF_CHECK_EQUAL(leased.body, "1");
  auto units = q.redrive(1);
  CAF_CHECK_EQUAL(moves_of(q), "2>(back)#0");
  q.moved(units.at(0));
  CAF_CHECK_EQUAL(q.machine.counts().redriven, 1u);
  CAF_CHECK_EQUAL(q.redrive().size(), 1u);
  CAF_CHECK_EQUAL(q.redrive().size(), 0u);
  CAF_CHECK_EQUAL(q.body_now(), "mine");
  CAF_CHECK_EQUAL(q.machine.sizes().messages(), 3u);
}

CAF_TEST(one that is surely not taken back keeps its place) {
  queue_driver q;
  push_dead(q, 1);
  push_dead(q, 2);
  auto units = q.redrive(1);
  q.not_moved(units.at(0), refused_how::surely);
  CAF_CHECK_EQUAL(q.body_now(), "1");
}

CAF_TEST(one that was perhaps taken back is delivered to nobody until that is known) {
  queue_driver q;
  push_dead(q, 1);
  auto units = q.redrive();
  q.not_moved(units.at(0), refused_how::perhaps);
  CAF_CHECK_EQUAL(q.body_now(), "(nothing)");
  q.advance(1s);
  CAF_CHECK_EQUAL(q.moves.size(), 2u);
}
