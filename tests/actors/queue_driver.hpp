// Drives a queue machine as its actor would: passes the time, carries out effects, remembers what came of
// them.
//
// Owned by a test case; one thread. Every step also checks what holds for any step: the invariants, and that
// the machine tells its next deadline without spinning.
#pragma once

#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_machine.hpp"

#include <caf/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace lmq {

/// Properties with some values named: with({.timeout = 10s}).
struct settings {
  milliseconds accum{0};
  std::uint32_t retry = 2;
  milliseconds timeout{30'000};
};

inline properties with(settings s) {
  properties p;
  p.accum = s.accum;
  p.retry = s.retry;
  p.timeout = s.timeout;
  return p;
}

/// What a pull has come to.
struct pull_fate {
  std::string body = "(waits)"; ///< of a compound: [one|two]; "(nothing)" when it was answered with nothing
  lease_id lease{};
  std::uint32_t retries_left = 0;
  duration waited{};
};

class queue_driver {
public:
  explicit queue_driver(properties p = {}, queue_role role = {}) : machine(std::move(p), role) {}

  /// Instants are counted from here, so that a test can name them.
  const time_point start = time_point{} + std::chrono::hours{1};
  time_point now = start;
  queue_machine machine;
  /// Offers of the last step: the waiter in it, or 0.
  std::vector<std::uint64_t> offers;
  /// Bodies of messages that were discarded, in order.
  std::vector<std::string> discarded;
  /// What was to be pushed to another queue, in order.
  std::vector<move_on> moves;
  /// Facts, in order.
  std::vector<fact> recorded;
  /// Waiters in the order in which they were answered, with or without a message.
  std::vector<waiter_id> answered;

  // -- producers

  push_outcome push(const std::string& body) { return push_as(ids_.next(), body); }

  push_outcome push_as(message_id id, const std::string& body) { return try_push_as(id, body).value(); }

  /// One that may be refused.
  result<push_outcome> try_push(const std::string& body) { return try_push_as(ids_.next(), body); }

  result<push_outcome> try_push_as(message_id id, const std::string& body) {
    result<push_outcome> outcome;
    bodies_[id] = bodies_[compound_id(id, machine.role().home)] = body;
    step([&](effects& out) { outcome = machine.push(id, {payload::copy_of("t", body), nullptr}, now, out); });
    return outcome;
  }

  // -- consumers

  /// A pull that waits, for ever or for `wait`.
  waiter_id pull(std::optional<duration> wait = std::nullopt) {
    waiter_id who{++last_waiter_};
    step(
      [&](effects& out) { machine.pull(who, wait ? std::optional{now + *wait} : std::nullopt, now, out); });
    return who;
  }

  pull_fate pull_now() { return fate(pull(duration::zero())); }
  std::string body_now() { return pull_now().body; }

  pull_fate fate(waiter_id who) const {
    auto it = fates_.find(who);
    return it == fates_.end() ? pull_fate{} : it->second;
  }
  std::string body_for(waiter_id who) const { return fate(who).body; }

  void cancel(waiter_id who) {
    step([&](effects& out) { machine.cancel(who, now, out); });
  }

  /// True if the lease was honoured.
  bool ack(lease_id lease) {
    return settle([&](effects& out) { return machine.ack(lease, now, out); });
  }
  bool nack(lease_id lease) {
    return settle([&](effects& out) { return machine.nack(lease, now, out); });
  }
  bool extend(lease_id lease) {
    return settle([&](effects& out) { return machine.extend(lease, now, out); });
  }
  void give_back(lease_id lease) {
    step([&](effects& out) { machine.give_back(lease, now, out); });
  }

  // -- moves to other queues

  void moved(message_id unit) {
    step([&](effects& out) { machine.moved(unit, now, out); });
  }
  void not_moved(message_id unit, queue_machine::refused_how how = queue_machine::refused_how::surely) {
    step([&](effects& out) { machine.not_moved(unit, how, now, out); });
  }
  std::vector<message_id> redrive(std::size_t limit = queue_machine::redrive_max) {
    std::vector<message_id> units;
    step([&](effects& out) { units = machine.redrive(limit, now, out); });
    return units;
  }

  // -- pull_any's side

  bool watch() {
    bool ready = false;
    step([&](effects& out) { ready = machine.watch(now, out); });
    return ready;
  }
  /// A take for a waiter of pull_any's.
  pull_fate take() {
    waiter_id who{++last_waiter_};
    step([&](effects& out) { machine.take(who, now, out); });
    return fate(who);
  }
  void yield() {
    step([&](effects& out) { machine.yield(now, out); });
  }
  void keep() {
    step([&](effects& out) { machine.keep(now, out); });
  }

  // -- operators

  queue_machine::line_end end_of_line() {
    queue_machine::line_end end;
    step([&](effects& out) { end = machine.end_of_line(now, out); });
    return end;
  }
  queue_machine::purge_slice purge(queue_machine::line_end until, std::size_t most) {
    queue_machine::purge_slice slice;
    step([&](effects& out) { slice = machine.purge(until, most, now, out); });
    return slice;
  }
  /// In one slice.
  std::size_t purge() {
    auto slice = purge(end_of_line(), machine.sizes().ready + 1);
    CAF_CHECK(!slice.more);
    return slice.dropped;
  }
  result<void> erase(message_id id) {
    result<void> done;
    step([&](effects& out) { done = machine.erase(id, now, out); });
    return done;
  }
  /// Bodies of those that are next in line.
  std::string peek(std::size_t n) {
    std::string all;
    for (const auto& m : machine.peek(n, now))
      all += (all.empty() ? "" : " ") + text_of(m.content);
    return all;
  }

  // -- life and time

  void configure(properties p) {
    step([&](effects& out) { machine.configure(std::move(p), now, out); });
  }
  void close() {
    step([&](effects& out) { machine.close(out); });
  }
  void tick() {
    step([&](effects& out) { machine.tick(now, out); });
  }

  /// Time passes with an actor that ticks at every deadline.
  void advance(duration d) {
    const auto end = now + d;
    for (auto next = machine.next_deadline(); next && *next <= end; next = machine.next_deadline()) {
      now = std::max(now, *next);
      tick();
    }
    now = end;
    tick();
  }

  /// Time passes unseen: no tick until the next verb.
  void jump(duration d) { now += d; }

  /// How many effects the last step had.
  std::size_t effects_of_last_step = 0;

private:
  template <class Verb>
  void step(Verb verb) {
    offers.clear();
    effects_of_last_step = carry_out(verb);
    // The actor's timer comes at once for what is due already. It comes for nothing else, and just once.
    bool due = machine.next_deadline() && *machine.next_deadline() <= now;
    auto by_timer = carry_out([&](effects& out) { machine.tick(now, out); });
    if (!due && by_timer > 0)
      CAF_FAIL("a tick right after a step had effects that no deadline told of");
    if (machine.next_deadline() && *machine.next_deadline() <= now)
      CAF_FAIL("a tick left something due: the timer would spin");
    if (carry_out([&](effects& out) { machine.tick(now, out); }) > 0)
      CAF_FAIL("a second tick at the same instant had effects");
    effects_of_last_step += by_timer;
  }

  template <class Verb>
  bool settle(Verb verb) {
    bool honoured = false;
    step([&](effects& out) {
      auto r = verb(out);
      honoured = r.has_value();
      if (!honoured)
        CAF_CHECK(r.error().why == reason::no_such_lease);
    });
    return honoured;
  }

  template <class Verb>
  std::size_t carry_out(Verb verb) {
    effects out;
    verb(out);
    for (const auto& e : out)
      std::visit([this](const auto& x) { perform(x); }, e);
    if (auto broken = broken_invariant(machine))
      CAF_FAIL("invariant broken: " << *broken);
    return out.size();
  }

  void perform(const deliver& d) {
    answer(d.to, {text_of(d.what.content), d.what.lease, d.what.retries_left, d.what.waited});
  }
  void perform(const answer_empty& a) {
    pull_fate f;
    f.body = "(nothing)";
    answer(a.to, f);
  }
  void perform(const discard& d) { discarded.push_back(bodies_[d.id]); } // "": adopted
  void perform(const move_on& m) { moves.push_back(m); }
  void perform(const record& r) { recorded.push_back(r.what); }
  void perform(const offer& o) { offers.push_back(o.oldest ? static_cast<std::uint64_t>(*o.oldest) : 0); }

  void answer(waiter_id who, const pull_fate& f) {
    if (!fates_.emplace(who, f).second)
      CAF_FAIL("a waiter was answered twice");
    answered.push_back(who);
  }

  static std::string text_of(const parcel& content) {
    if (const auto* single = std::get_if<message>(&content))
      return std::string{single->content.body()};
    std::string text;
    for (const auto& p : *std::get<std::shared_ptr<const compound>>(content))
      text += (text.empty() ? "[" : "|") + std::string{p.content.content.body()};
    return text + "]";
  }

  id_source ids_{1};
  std::uint64_t last_waiter_ = 0;
  std::map<message_id, std::string> bodies_;
  std::map<waiter_id, pull_fate> fates_;
};

} // namespace lmq
