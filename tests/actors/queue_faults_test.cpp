// The machine with exceptions thrown at every place where one could come from, beside the naive queue: a verb
// that failed and is called again does what one that never failed does.
#define CAF_SUITE queue_faults

#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_machine.hpp"
#include "core/dead_letter.hpp"
#include "core/fault_point.hpp"
#include "dice.hpp"
#include "fact_text.hpp"
#include "queue_contents.hpp"

#include <algorithm>
#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

/// What happened to whom, without the order within one step.
std::vector<std::string> told(const effects& out) {
  std::vector<std::string> all;
  for (const auto& e : out) {
    if (const auto* d = std::get_if<deliver>(&e))
      all.push_back("deliver " + std::to_string(d->what.lease.message.counter) + "#" +
                    std::to_string(d->what.lease.delivery) + " to " +
                    std::to_string(static_cast<std::uint64_t>(d->to)));
    else if (const auto* a = std::get_if<answer_empty>(&e))
      all.push_back("empty " + std::to_string(static_cast<std::uint64_t>(a->to)));
    else if (const auto* x = std::get_if<discard>(&e))
      all.push_back("discard " + std::to_string(x->id.counter));
    else if (const auto* m = std::get_if<move_on>(&e))
      all.push_back("move " + std::to_string(m->unit.counter));
    else if (const auto* r = std::get_if<record>(&e))
      all.push_back(std::visit(fact_text{}, r->what));
    else if (const auto* o = std::get_if<offer>(&e))
      all.push_back("offer " + std::to_string(o->oldest ? static_cast<std::uint64_t>(*o->oldest) : 0));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// Two machines with one life: one fails wherever it can, the other never does.
class twins {
public:
  twins(std::uint64_t seed, step_log* log, queue_role role)
      : random_(seed), log_(log), frail_(properties{}, role), sound_(properties{}, role) {}

  ~twins() { fault_plan::never(); }

  std::optional<std::string> run(int steps) {
    for (int i = 0; i < steps && !wrong_; ++i) {
      now_ += random_.one_of<duration>({0s, 0s, 500ms, 1s, 2s});
      some_verb();
    }
    return wrong_;
  }

  std::uint64_t faults() const noexcept { return faults_; }

private:
  void some_verb() {
    auto& r = random_;
    if (sound_.role().records && r.one_in(6))
      return r.one_in(3) ? forget() : adopt();
    if (!moving_.empty() && r.one_in(6))
      return end_move();
    if (r.one_in(20))
      return both("redrive", [this](queue_machine& m, effects& out) { m.redrive(3, now_, out); });
    switch (r.below(12)) {
    case 0:
    case 1:
    case 2: {
      auto id = ++messages_;
      // Some have died elsewhere: they can be sent back there, and are pushed twice.
      auto dead = r.one_in(4);
      auto as = dead ? moved_id({1, dead && r.one_in(2) ? id - 1 : id}, "q") : message_id{1, id};
      auto what = dead ? dead_letter_of(some_text(), "elsewhere", 3) : some_text();
      return both("push " + std::to_string(id),
                  [=, this](queue_machine& m, effects& out) { m.push(as, what, now_, out); });
    }
    case 3:
    case 4: {
      auto who = waiter_id{++waiters_};
      auto until = r.one_of<std::optional<time_point>>({now_, now_ + 1s, std::nullopt});
      return both("pull", [=, this](queue_machine& m, effects& out) { m.pull(who, until, now_, out); });
    }
    case 5: {
      auto who = waiter_id{1 + r.below(waiters_ + 1)};
      return both("cancel", [=, this](queue_machine& m, effects& out) { m.cancel(who, now_, out); });
    }
    case 6: return settle("ack", &queue_machine::ack);
    case 7: return settle("nack", &queue_machine::nack);
    case 8: return settle("extend", &queue_machine::extend);
    case 9: {
      properties p;
      p.accum = r.one_of<milliseconds>({0s, 0s, 1s});
      p.retry = r.one_of<std::uint32_t>({0, 1, 2});
      p.timeout = r.one_of<milliseconds>({0s, 1s, 5s});
      if (r.one_in(2))
        p.dead_letter = "dead";
      return both("configure", [=, this](queue_machine& m, effects& out) { m.configure(p, now_, out); });
    }
    case 10: {
      auto who = waiter_id{++waiters_};
      if (r.one_in(2))
        return both("watch", [=, this](queue_machine& m, effects& out) { m.watch(now_, out); });
      return both("take", [=, this](queue_machine& m, effects& out) {
        // A take that failed after it was decided is not to be done again.
        if (std::none_of(out.begin(), out.end(), [&](const effect& e) { return answers(e, who); }))
          m.take(who, now_, out);
      });
    }
    default:
      // As with a take: what they make possible may be an offer, and a second one would be the answer to it.
      auto unless_decided = [](const effects& out, auto verb) {
        if (std::none_of(out.begin(), out.end(), [](const effect& e) {
              return std::holds_alternative<deliver>(e) || std::holds_alternative<offer>(e);
            }))
          verb();
      };
      if (r.one_in(2))
        return both("yield", [=, this](queue_machine& m, effects& out) {
          unless_decided(out, [&] { m.yield(now_, out); });
        });
      return both("keep", [=, this](queue_machine& m, effects& out) {
        unless_decided(out, [&] { m.keep(now_, out); });
      });
    }
  }

  void end_move() {
    auto at = moving_.begin() + static_cast<std::ptrdiff_t>(random_.below(moving_.size()));
    auto unit = *at;
    moving_.erase(at);
    using refused_how = queue_machine::refused_how;
    if (auto how = random_.one_of({refused_how::surely, refused_how::perhaps}); random_.one_in(3))
      return both("not_moved",
                  [=, this](queue_machine& m, effects& out) { m.not_moved(unit, how, now_, out); });
    both("moved", [=, this](queue_machine& m, effects& out) { m.moved(unit, now_, out); });
  }

  message some_text() { return {payload::copy_of("", "x"), nullptr}; }

  /// Messages that are here and others, alone and in compounds, in any state.
  void adopt() {
    auto& r = random_;
    auto some_id = [&] { return message_id{1, 1 + r.below(messages_ + 3)}; };
    held_unit u{some_id(), some_text(), {}, {}};
    messages_ += 3;
    if (r.one_in(2)) {
      auto parts = std::make_shared<compound>();
      for (auto n = 1 + r.below(4); n > 0; --n)
        if (auto id = some_id();
            std::none_of(parts->begin(), parts->end(), [&](auto& p) { return p.id == id; }))
          parts->push_back({id, some_text()});
      u.unit = compound_id(parts->front().id, r.one_of<home_tag>({home_tag{7}, home_tag{3}}));
      u.content = std::shared_ptr<const compound>{parts};
      if (r.one_in(2))
        u.window = r.one_of<duration>({0s, 1s, 5s});
    }
    if (!u.window && r.one_in(2)) {
      auto retries = static_cast<std::uint32_t>(r.below(3));
      u.state = {static_cast<std::uint32_t>(1 + r.below(4)), retries, retries == 0 && r.one_in(2),
                 r.one_of<home_tag>({home_tag{7}, home_tag{3}}), std::nullopt};
      if (r.one_in(2) && !u.state.exhausted)
        u.state.lease = r.one_of<duration>({0s, 1s, 5s});
      leases_.push_back({u.unit, u.state.deliveries + static_cast<std::uint32_t>(r.below(2)), u.state.home});
    }
    both("adopt", [=, this](queue_machine& m, effects& out) { m.adopt(u, now_, out); });
  }

  void forget() {
    std::vector<message_id> ids;
    for (auto n = random_.below(5); n > 0; --n)
      ids.push_back({1, 1 + random_.below(messages_ + 1)});
    both("forget", [=, this](queue_machine& m, effects& out) { m.forget({ids}, now_, out); });
  }

  static bool answers(const effect& e, waiter_id who) {
    const auto* d = std::get_if<deliver>(&e);
    const auto* a = std::get_if<answer_empty>(&e);
    return (d != nullptr && d->to == who) || (a != nullptr && a->to == who);
  }

  void settle(const char* verb, result<void> (queue_machine::*how)(lease_id, time_point, effects&)) {
    if (leases_.empty())
      return;
    auto lease = leases_[random_.below(leases_.size())];
    both(verb, [=, this](queue_machine& m, effects& out) { (void)(m.*how)(lease, now_, out); });
  }

  template <class Verb>
  void both(const std::string& what, Verb verb) {
    if (log_ != nullptr)
      log_->push_back("at " + std::to_string((now_ - time_point{}) / 1ms) + " ms: " + what);
    effects wanted;
    verb(sound_, wanted);
    sound_.tick(now_, wanted);

    // The n-th point of this step fails, then the n-th of what is left of it, until it comes through.
    effects got;
    insist([&] { verb(frail_, got); });
    insist([&] { frail_.tick(now_, got); });
    if (told(got) != told(wanted))
      wrong_ = what + ": the one that failed did something else";
    auto a = frail_.sizes();
    auto b = sound_.sizes();
    if (a.ready != b.ready || a.leased != b.leased || a.accumulating != b.accumulating ||
        a.waiters != b.waiters || a.memory_bytes != b.memory_bytes)
      wrong_ = what + ": the sizes differ";
    if (frail_.next_deadline() != sound_.next_deadline())
      wrong_ = what + ": the next deadlines differ";
    if (auto x = queue_contents::of(frail_), y = queue_contents::of(sound_); x != y)
      wrong_ = what + ": the one that failed holds\n  " + to_text(x) + "\nthe other\n  " + to_text(y);
    if (auto broken = broken_invariant(sound_))
      wrong_ = *broken + " does not hold after " + what;
    for (const auto& e : wanted)
      if (const auto* d = std::get_if<deliver>(&e))
        leases_.push_back(d->what.lease);
      else if (const auto* m = std::get_if<move_on>(&e))
        moving_.push_back(m->unit);
  }

  template <class Attempt>
  void insist(Attempt attempt) {
    for (int tries = 0; tries < 100 && !wrong_; ++tries) {
      fault_plan::once_at(1 + random_.below(4 + static_cast<std::uint64_t>(tries)));
      try {
        attempt();
        return fault_plan::never();
      } catch (const injected_fault& f) {
        ++faults_;
        if (log_ != nullptr)
          log_->push_back(std::string{"    fault at "} + f.what());
      }
      fault_plan::never();
      if (auto broken = broken_invariant(frail_))
        wrong_ = *broken + " does not hold after a fault";
    }
  }

  dice random_;
  step_log* log_;
  time_point now_{};
  queue_machine frail_;
  queue_machine sound_;
  std::vector<lease_id> leases_;
  std::vector<message_id> moving_;
  std::uint64_t messages_ = 0, waiters_ = 0, faults_ = 0;
  std::optional<std::string> wrong_;
};

} // namespace

namespace {

void check_twins(queue_role role) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  std::uint64_t faults = 0;
  auto failure = failure_in_runs(seed, 2'000, [&](auto s, auto* log) {
    twins t(s, log, role);
    auto wrong = t.run(60);
    faults += t.faults();
    return wrong;
  });
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
  CAF_CHECK(faults > 10'000);
}

} // namespace

CAF_TEST(a verb that failed and is called again does what one that never failed does) {
  check_twins({});
}

CAF_TEST(so it is where facts are recorded and units come from elsewhere) {
  check_twins({home_tag{7}, true});
}
