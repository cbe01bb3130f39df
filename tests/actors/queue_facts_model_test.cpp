// Facts against what they tell of: a naive replica that has only the facts holds what the machine holds,
// while the queue's home moves from machine to machine.
#define CAF_SUITE queue_facts_model

#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_machine.hpp"
#include "dice.hpp"
#include "naive_replica.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

class machine_and_replica {
public:
  machine_and_replica(std::uint64_t seed, step_log* log) : random_(seed), log_(log) {}

  std::optional<std::string> run(int steps) {
    try {
      for (int i = 0; i < steps; ++i) {
        now_ += random_.one_of<duration>({0s, 0s, 300ms, 1s, 1s, 4s});
        some_verb();
      }
      drain();
    } catch (const std::exception& e) {
      return e.what();
    }
    return std::nullopt;
  }

  int moves = 0, unheard = 0;

private:
  void some_verb() {
    auto& r = random_;
    switch (r.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      auto id = r.one_in(20) && last_ > 0 ? message_id{1, 1 + r.below(last_)} : message_id{1, ++last_};
      if (id.counter < last_ && !machine_.holds(id))
        return; // settled: whoever keeps the context does not let it in again
      return step("push " + std::to_string(id.counter), [&](effects& out) {
        machine_.push(id, {payload::copy_of("", "x"), nullptr}, now_, out);
      });
    }
    case 4:
    case 5:
    case 6: {
      auto until = r.one_of<std::optional<time_point>>({now_, now_ + 1s, std::nullopt});
      return step("pull", [&](effects& out) { machine_.pull(waiter_id{++waiters_}, until, now_, out); });
    }
    case 7:
    case 8: return settle("ack", &queue_machine::ack);
    case 9:
    case 10: return settle("nack", &queue_machine::nack);
    case 11: return settle("extend", &queue_machine::extend);
    case 12:
      if (!leases_.empty())
        step("give_back", [&](effects& out) { machine_.give_back(some_lease(), now_, out); });
      return;
    case 13: return configure();
    case 14: return forget_some();
    default: return random_.one_in(3) ? move_home() : step("tick", [](effects&) {});
    }
  }

  void configure() {
    properties p;
    p.accum = random_.one_of<milliseconds>({0s, 1s, 5s});
    p.retry = random_.one_of<std::uint32_t>({0, 1, 3});
    p.timeout = random_.one_of<milliseconds>({0s, 1s, 5s});
    step("configure", [&](effects& out) { machine_.configure(p, now_, out); });
  }

  void settle(const char* verb, result<void> (queue_machine::*how)(lease_id, time_point, effects&)) {
    if (leases_.empty())
      return;
    auto lease = some_lease();
    step(verb, [&](effects& out) { (void)(machine_.*how)(lease, now_, out); });
  }

  /// Settled elsewhere: nobody tells it as a fact here.
  void forget_some() {
    step("tick", [](effects&) {});
    std::vector<message_id> ids;
    for (auto id : replica_.messages())
      if (random_.one_in(4))
        ids.push_back(id);
    replica_.apply(facts::settled{ids, {}}, now_);
    ids.push_back({9, 9});
    step("forget " + std::to_string(ids.size() - 1),
         [&](effects& out) { machine_.forget({ids}, now_, out); });
  }

  /// Another machine begins with what the replica has. The last deliveries of the old one, of which it could
  /// not tell, are in somebody's hands.
  void move_home() {
    step("tick", [](effects&) {});
    effects untold;
    for (auto n = random_.below(3); n > 0; --n)
      machine_.pull(waiter_id{++waiters_}, now_, now_, untold);
    machine_.tick(now_, untold);
    for (const auto& e : untold)
      if (const auto* d = std::get_if<deliver>(&e)) {
        leases_.push_back(d->what.lease);
        ++unheard;
      }
    auto in_force = machine_.in_force();
    machine_.drop();
    check(machine_.sizes().memory_bytes == 0 && machine_.sizes().messages() == 0, "drop left something");
    if (random_.one_in(2))
      machine_ = queue_machine{in_force, {home_tag{++home_}, true}};
    ++moves;
    note("move to " + std::to_string(home_));
    effects out;
    auto units = replica_.units(now_);
    for (const auto& u : units)
      machine_.adopt(u, now_, out);
    compare("the move");
    for (const auto& u : units) // heard twice
      machine_.adopt(u, now_, out);
    check(out.empty(), "adopting had effects");
    compare("hearing it twice");
    step("tick after the move", [](effects&) {});
  }

  lease_id some_lease() {
    auto back = random_.below(random_.one_in(4) ? leases_.size() : std::min<std::size_t>(leases_.size(), 4));
    return leases_[leases_.size() - 1 - back];
  }

  template <class Verb>
  void step(const std::string& what, Verb verb) {
    note(what);
    effects out;
    verb(out);
    machine_.tick(now_, out);
    for (const auto& e : out) {
      if (const auto* r = std::get_if<record>(&e)) {
        replica_.apply(r->what, now_);
      } else if (const auto* d = std::get_if<deliver>(&e)) {
        leases_.push_back(d->what.lease);
        told_before(d->what.lease);
      }
    }
    compare(what);
  }

  /// The delivery's fact came before it, so the replica knows this lease or what became of it.
  void told_before(lease_id lease) {
    auto now_held = replica_.contents();
    auto knows = [&](const seen_unit& u) { return u.id == lease.message && u.deliveries >= lease.delivery; };
    check(std::any_of(now_held.leased.begin(), now_held.leased.end(), knows) ||
            std::any_of(now_held.ready.begin(), now_held.ready.end(), knows),
          "a delivery came before its fact");
  }

  void compare(const std::string& after) {
    if (auto broken = broken_invariant(machine_))
      throw std::logic_error{*broken + " does not hold after " + after};
    auto held = queue_contents::of(machine_);
    auto told = replica_.contents();
    for (auto* some : {&held.accumulating, &told.accumulating})
      for (auto& u : *some)
        u.id = {}; // that of a window that was taken over is told at its end
    if (held != told)
      throw std::logic_error{"after " + after + " the machine holds\n  " + to_text(held) +
                             "\nand its facts say\n  " + to_text(told)};
    for (auto id : replica_.messages())
      check(machine_.holds(id), "a message is not known");
  }

  void check(bool holds, const char* sentence) {
    if (!holds)
      throw std::logic_error{sentence};
  }

  void drain() {
    for (int i = 0; i < 10'000 && machine_.sizes().messages() > 0; ++i) {
      now_ += 10s;
      step("pull at the end", [&](effects& out) { machine_.pull(waiter_id{++waiters_}, now_, now_, out); });
      settle("ack", &queue_machine::ack);
    }
    check(machine_.sizes().messages() == 0 && machine_.sizes().memory_bytes == 0, "it does not run empty");
    check(replica_.messages().empty(), "the replica does not run empty");
  }

  void note(const std::string& what) {
    if (log_ != nullptr)
      log_->push_back("at " + std::to_string((now_ - time_point{}) / 1ms) + " ms: " + what);
  }

  dice random_;
  step_log* log_;
  time_point now_{1h};
  std::uint32_t home_ = 1;
  queue_machine machine_{properties{}, {home_tag{1}, true}};
  naive_replica replica_;
  std::vector<lease_id> leases_;
  std::uint64_t last_ = 0, waiters_ = 0;
};

} // namespace

CAF_TEST(whoever has the facts has what the machine has and can go on with it) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  int moves = 0, unheard = 0;
  auto failure = failure_in_runs(seed, 1'500, [&](auto s, auto* log) {
    machine_and_replica run(s, log);
    auto wrong = run.run(60);
    moves += run.moves;
    unheard += run.unheard;
    return wrong;
  });
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
  CAF_CHECK(moves > 100);
  CAF_CHECK(unheard > 100);
}
