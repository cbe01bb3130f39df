// The queue machine against the naive queue: random steps, and every effect compared.
#define CAF_SUITE queue_model

#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_machine.hpp"
#include "dice.hpp"
#include "naive_queue.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using event = naive_queue::event;

event told(const deliver& d) {
  event e{"deliver",
          static_cast<std::uint64_t>(d.to),
          d.what.lease.message.counter,
          d.what.lease.delivery,
          d.what.retries_left,
          d.what.waited,
          {}};
  if (const auto* c = std::get_if<std::shared_ptr<const compound>>(&d.what.content))
    for (const auto& p : **c)
      e.parts.push_back(p.id.counter);
  return e;
}
event told(const answer_empty& a) {
  return {"empty", static_cast<std::uint64_t>(a.to)};
}
event told(const discard& d) {
  return {"discard", 0, d.id.counter};
}
event told(const record&) {
  return {"record"};
}
event told(const move_on& m) {
  return {"move", 0, m.unit.counter, m.deliveries};
}
event told(const offer& o) {
  return {"offer", o.oldest ? static_cast<std::uint64_t>(*o.oldest) : 0};
}

std::string text(duration d) {
  return std::to_string(d / 1ms) + (d % 1ms == 0ns ? " ms" : ".. ms");
}

std::string text(const event& e) {
  auto s = e.what + " waiter " + std::to_string(e.waiter) + " message " + std::to_string(e.message) + "#" +
           std::to_string(e.delivery) + " left " + std::to_string(e.retries_left) + " waited " +
           text(e.waited);
  for (auto p : e.parts)
    s += " +" + std::to_string(p);
  return s;
}

std::string text(const std::vector<event>& events) {
  std::string s;
  for (const auto& e : events)
    s += (s.empty() ? "" : "; ") + text(e);
  return "{" + s + "}";
}

/// One run: both queues side by side, from one seed.
class side_by_side {
public:
  side_by_side(std::uint64_t seed, step_log* log) : random_(seed), log_(log), machine_(properties{}) {
    naive_.props = machine_.in_force();
    configure();
  }

  std::optional<std::string> run(int steps) {
    bool watched = random_.one_in(2);
    for (int i = 0; i < steps && !wrong_; ++i) {
      pass_time();
      if (watched && random_.one_in(4))
        converse();
      else
        random_verb();
    }
    if (!wrong_)
      drain();
    return wrong_;
  }

private:
  /// Equal instants, exact deadlines, a moment before, and long silences.
  void pass_time() {
    auto due = machine_.next_deadline();
    switch (random_.below(6)) {
    case 0:
      if (due)
        now_ = std::max(now_, *due);
      break;
    case 1:
      if (due)
        now_ = std::max(now_, *due - 1ns);
      break;
    case 2: now_ += 1s; break;
    case 3: now_ += random_.one_in(8) ? 10s : 500ms; break;
    default: break;
    }
  }

  void random_verb() {
    switch (random_.below(moving_.empty() ? 12 : 14)) {
    case 12:
    case 13: end_move(); break;
    case 0:
    case 1:
    case 2: push(); break;
    case 3:
    case 4:
    case 5:
      random_.one_in(4) ? pull(std::nullopt) : pull(random_.one_of<duration>({0s, 0s, 500ms, 1s, 2s, 5s}));
      break;
    case 6: settle("ack", &queue_machine::ack, &naive_queue::ack); break;
    case 7: settle("nack", &queue_machine::nack, &naive_queue::nack); break;
    case 8: settle("extend", &queue_machine::extend, &naive_queue::extend); break;
    case 9: give_back(); break;
    case 10: random_.one_in(2) ? configure() : cancel(1 + random_.below(last_waiter_ + 1)); break;
    default: random_.one_in(2) ? tick() : random_.one_in(4) ? purge() : erase(); break;
    }
  }

  /// As whoever watches may speak, also out of turn.
  void converse() {
    bool fresh = naive_.watching == naive_queue::watcher::nobody;
    switch (fresh ? 9 : random_.below(10)) {
    case 0:
    case 1:
    case 2: take(); break;
    case 3:
    case 4:
    case 5:
      step(
        "yield", [&](effects& out) { machine_.yield(now_, out); }, [&] { naive_.yield(now_); });
      break;
    case 6:
    case 7:
    case 8: keep(); break;
    default: watch(); break;
    }
  }

  void push() {
    auto id = ++last_message_;
    bool by_machine = false, by_naive = false;
    step(
      "push " + std::to_string(id),
      [&](effects& out) {
        by_machine = machine_.push({1, id}, {payload::copy_of("", "x"), nullptr}, now_, out).has_value();
      },
      [&] { by_naive = naive_.push(id, now_); });
    if (by_machine != by_naive)
      wrong_ = "push: the queue is full according to one of them only";
  }

  void pull(std::optional<duration> wait) {
    auto who = ++last_waiter_;
    auto until = wait ? std::optional{now_ + *wait} : std::nullopt;
    step(
      "pull " + std::to_string(who) + (wait ? " for " + text(*wait) : ""),
      [&](effects& out) { machine_.pull(waiter_id{who}, until, now_, out); },
      [&] { naive_.pull(who, until, now_); });
  }

  void cancel(std::uint64_t who) {
    step(
      "cancel " + std::to_string(who), [&](effects& out) { machine_.cancel(waiter_id{who}, now_, out); },
      [&] { naive_.cancel(who, now_); });
  }

  void settle(const char* verb, result<void> (queue_machine::*of_machine)(lease_id, time_point, effects&),
              bool (naive_queue::*of_naive)(std::uint64_t, std::uint32_t, time_point)) {
    if (leases_.empty())
      return;
    auto lease = some_lease();
    bool by_machine = false;
    bool by_naive = false;
    step(
      verb + text_of(lease),
      [&](effects& out) { by_machine = (machine_.*of_machine)(lease, now_, out).has_value(); },
      [&] { by_naive = (naive_.*of_naive)(lease.message.counter, lease.delivery, now_); });
    if (by_machine != by_naive)
      wrong_ =
        std::string{verb} + " was honoured by " + (by_machine ? "the machine" : "the naive queue") + " only";
  }

  void give_back() {
    if (leases_.empty())
      return;
    auto lease = some_lease();
    step(
      "give_back" + text_of(lease), [&](effects& out) { machine_.give_back(lease, now_, out); },
      [&] { naive_.give_back(lease.message.counter, lease.delivery, now_); });
  }

  /// A slice: the next of the purge that was asked for last, or the first of another.
  void purge() {
    if (random_.one_in(3))
      step(
        "end_of_line", [&](effects& out) { purge_until_ = machine_.end_of_line(now_, out); },
        [&] { naive_purge_until_ = naive_.end_of_line(now_); });
    auto most = 1 + random_.below(4);
    queue_machine::purge_slice by_machine;
    std::size_t by_naive = 0;
    step(
      "purge " + std::to_string(most),
      [&](effects& out) { by_machine = machine_.purge(purge_until_, most, now_, out); },
      [&] { by_naive = naive_.purge(naive_purge_until_, most, now_); });
    if (by_machine.dropped != by_naive)
      wrong_ =
        "a purge dropped " + std::to_string(by_machine.dropped) + " and not " + std::to_string(by_naive);
  }

  void erase() {
    if (last_message_ == 0)
      return;
    auto id = last_message_ - random_.below(std::min<std::uint64_t>(last_message_, 4));
    bool by_machine = false, by_naive = false;
    step(
      "erase " + std::to_string(id),
      [&](effects& out) {
        message_id name{1, id};
        by_machine = machine_.erase(name, now_, out).has_value() ||
                     machine_.erase(compound_id(name, home_tag{}), now_, out).has_value();
      },
      [&] { by_naive = naive_.erase(id, now_); });
    if (by_machine != by_naive)
      wrong_ = "erase: the message was there according to one of them only";
  }

  void end_move() {
    auto at = moving_.begin() + static_cast<std::ptrdiff_t>(random_.below(moving_.size()));
    auto unit = *at;
    moving_.erase(at);
    auto name = std::to_string(unit.counter);
    using refused_how = queue_machine::refused_how;
    if (auto how = random_.one_of({refused_how::surely, refused_how::perhaps}); random_.one_in(3))
      return step(
        "not_moved " + name, [&](effects& out) { machine_.not_moved(unit, how, now_, out); },
        [&] { naive_.not_moved(unit.counter, now_); });
    step(
      "moved " + name, [&](effects& out) { machine_.moved(unit, now_, out); },
      [&] { naive_.moved(unit.counter, now_); });
  }

  void take() {
    auto who = ++last_waiter_;
    step(
      "take " + std::to_string(who), [&](effects& out) { machine_.take(waiter_id{who}, now_, out); },
      [&] { naive_.take(who, now_); });
  }

  void keep() {
    step(
      "keep", [&](effects& out) { machine_.keep(now_, out); }, [&] { naive_.keep(now_); });
  }

  void watch() {
    bool by_machine = false;
    bool by_naive = false;
    step(
      "watch", [&](effects& out) { by_machine = machine_.watch(now_, out); },
      [&] { by_naive = naive_.watch(now_); });
    if (by_machine != by_naive)
      wrong_ = "watch: a message is ready according to one of them only";
  }

  void configure() {
    properties p;
    p.accum = random_.one_of<milliseconds>({0s, 0s, 0s, 1s, 2s});
    p.retry = random_.one_of<std::uint32_t>({0, 1, 2});
    p.timeout = random_.one_of<milliseconds>({0s, 1s, 1s, 2s, 5s});
    if (random_.one_in(3))
      p.max_messages = random_.below(4);
    p.paused = !draining_ && random_.one_in(4);
    if (random_.one_in(3))
      p.dead_letter = random_.one_in(4) ? "" : "dead";
    step(
      "configure max_messages " + std::to_string(p.max_messages.value_or(0)) + " accum " +
        std::to_string(p.accum.count()) + " retry " + std::to_string(p.retry) + " timeout " +
        std::to_string(p.timeout.count()) + " dead_letter '" + p.dead_letter.value_or("") + "'",
      [&](effects& out) { machine_.configure(p, now_, out); }, [&] { naive_.configure(p, now_); });
  }

  void tick() {
    step(
      "tick", [](effects&) {}, [] {});
  }

  /// At the end each message can be had or has been discarded: none is stuck.
  void drain() {
    draining_ = true;
    configure();
    for (auto who = last_waiter_; who > 0 && !wrong_; --who)
      if (machine_.sizes().waiters > 0)
        cancel(who);
    for (int i = 0; i < 10'000 && !wrong_ && machine_.sizes().messages() > 0; ++i) {
      now_ += 10s;
      if (naive_.watching == naive_queue::watcher::told)
        keep();
      pull(0s);
      if (!moving_.empty())
        end_move();
      settle("ack", &queue_machine::ack, &naive_queue::ack);
    }
    auto left = machine_.sizes();
    if (!wrong_ && left.messages() + left.waiters + left.memory_bytes > 0)
      wrong_ = "the queue does not run empty";
  }

  template <class OfMachine, class OfNaive>
  void step(const std::string& what, OfMachine of_machine, OfNaive of_naive) {
    if (log_ != nullptr)
      log_->push_back("at " + text(now_ - time_point{}) + ": " + what);
    naive_.seen.clear();
    of_naive();
    naive_.settle(now_);
    effects out;
    of_machine(out);
    check_invariants(what);
    // As the actor's timer would: at once for what is due, and not a second time.
    auto before = out.size();
    bool due = machine_.next_deadline() && *machine_.next_deadline() <= now_;
    machine_.tick(now_, out);
    if (!due && out.size() > before)
      wrong_ = "a tick right after the step had effects that next_deadline did not tell of";
    check_invariants(what);
    before = out.size();
    machine_.tick(now_, out);
    if (out.size() > before)
      wrong_ = "a second tick at the same instant had effects";
    compare(out);
  }

  void check_invariants(const std::string& what) {
    if (auto broken = broken_invariant(machine_))
      wrong_ = *broken + " does not hold after " + what;
  }

  void compare(const effects& out) {
    std::vector<event> seen;
    for (const auto& e : out)
      seen.push_back(std::visit([](const auto& x) { return told(x); }, e));
    if (log_ != nullptr && !seen.empty())
      log_->push_back("    " + text(seen));
    if (seen != naive_.seen)
      wrong_ = "machine: " + text(seen) + "\nnaive:   " + text(naive_.seen);
    auto s = machine_.sizes();
    if (s.ready != naive_.ready || s.leased != naive_.leased || s.accumulating != naive_.accumulating ||
        s.waiters != naive_.waiting())
      wrong_ = "the sizes differ";
    if (machine_.next_deadline() != naive_.first_deadline())
      wrong_ = "the next deadlines differ";
    if (machine_.next_deadline() && *machine_.next_deadline() <= now_)
      wrong_ = "something is due still after a tick";
    for (const auto& e : out)
      if (const auto* d = std::get_if<deliver>(&e))
        leases_.push_back(d->what.lease);
      else if (const auto* m = std::get_if<move_on>(&e))
        moving_.push_back(m->unit);
  }

  /// Mostly a recent one.
  lease_id some_lease() {
    auto back = random_.below(random_.one_in(4) ? leases_.size() : std::min<std::size_t>(leases_.size(), 4));
    return leases_[leases_.size() - 1 - back];
  }

  static std::string text_of(lease_id lease) {
    return " " + std::to_string(lease.message.counter) + "#" + std::to_string(lease.delivery);
  }

  dice random_;
  step_log* log_;
  time_point now_{};
  queue_machine machine_;
  naive_queue naive_;
  std::vector<message_id> moving_; ///< on their way to another queue
  std::vector<lease_id> leases_;   ///< all that were ever handed out
  std::uint64_t last_message_ = 0;
  std::uint64_t last_waiter_ = 0;
  queue_machine::line_end purge_until_;
  naive_queue::place_in_line naive_purge_until_{time_point::min(), 0};
  bool draining_ = false;
  std::optional<std::string> wrong_;
};

} // namespace

CAF_TEST(the machine does what a naive queue does in many short lives) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  auto failure = failure_in_runs(seed, 2'000, [](auto s, auto* log) { return side_by_side(s, log).run(40); });
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
}

CAF_TEST(the machine does what a naive queue does in a long life) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  auto failure = failure_in_runs(seed, 25, [](auto s, auto* log) { return side_by_side(s, log).run(1'000); });
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
}
