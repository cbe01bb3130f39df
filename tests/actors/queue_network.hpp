// Queues, pull_any and their clients as a network of machines: messages between any two of them keep their
// order, and everything else happens in an order that the dice choose.
//
// Stands in for the actors: what they do with effects is done here in the same order, without CAF. Owned by a
// test.
#pragma once

#include "actors/pull_any/pull_any_machine.hpp"
#include "actors/queue/queue_invariants.hpp"
#include "actors/queue/queue_machine.hpp"
#include "dice.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

namespace lmq {

class queue_network {
public:
  /// What a client knows of its pull.
  struct pull_fate {
    bool any = false;
    std::string target; ///< a queue's name or a pattern
    std::optional<time_point> until;
    bool cancelled = false;
    bool answered = false;
    std::optional<std::uint64_t> got; ///< a message
    std::string from;                 ///< its queue
    lease_id lease;
  };

  queue_network(dice& random, step_log* log) : random_(random), log_(log) {}

  time_point now{};
  std::map<std::uint64_t, pull_fate> pulls;
  std::map<std::uint64_t, int> accepted; ///< deliveries that reached a client, by message
  std::set<std::uint64_t> stored, discarded,
    died;           ///< messages: taken in, out of retries, gone with their queue
  properties props; ///< of queues to come

  // -- clients

  void open(const std::string& name) {
    auto q =
      std::make_shared<queue_node>(queue_node{queue_machine{props}, name, next_node_++, true, 0, {}, {}});
    queues_[name] = q;
    note("open " + name);
    send(registry, pull_any, "opened " + name, [this, q] { at_pull_any_opened(q); });
  }

  void remove(const std::string& name) {
    auto q = std::move(queues_.at(name));
    queues_.erase(name);
    note("remove " + name);
    send(registry, q->address, "close", [this, q] { at_queue_close(q); });
    send(registry, pull_any, "gone " + name, [this, name] { at_pull_any_gone(name); });
  }

  /// The queue's actor crashes and is started again on what it leaves. What pull_any has said to the old one,
  /// or says before it hears of the new one, comes back or is lost.
  void crash(const std::string& name) {
    auto q = queues_.at(name);
    ++q->actor;
    note("crash " + name);
    at_queue(q, [&](effects& out) { q->machine.unwatch(now, out); });
    send(registry, pull_any, "restarted " + name, [this, q, actor = q->actor] {
      if (!is_known(q))
        return;
      known_actor_[q] = actor;
      at_pull_any([&](pull_any_effects& out) { any_.restarted(q->name, now, out); });
    });
  }

  /// Pushes to a queue that is there.
  std::uint64_t push(const std::string& name) {
    auto id = next_message_++;
    auto q = queues_.at(name);
    note("push " + std::to_string(id) + " to " + name);
    send(gateway(id), q->address, "push " + std::to_string(id), [this, q, id] {
      if (!q->alive)
        return; // the client is told; it isn't stored
      stored.insert(id);
      q->holds.insert(id);
      at_queue(q, [&](effects& out) {
        q->machine.push({1, id}, {payload::copy_of("", "x"), nullptr}, now, out);
      });
    });
    return id;
  }

  std::uint64_t pull(const std::string& name, std::optional<duration> wait) {
    auto q = queues_.at(name);
    auto who = begin_pull(false, name, wait);
    pulled_at_[who] = q;
    send(gateway(who), q->address, "pull " + std::to_string(who), [this, q, who, wait] {
      if (!q->alive)
        return send_answer(q, who, std::nullopt, gateway(who));
      q->promised[who] = gateway(who);
      auto deadline = arrived(who, wait);
      at_queue(q, [&](effects& out) { q->machine.pull(waiter_id{who}, deadline, now, out); });
    });
    return who;
  }

  std::uint64_t pull_any_of(const std::string& expression, std::optional<duration> wait) {
    auto who = begin_pull(true, expression, wait);
    send(gateway(who), pull_any, "pull any " + std::to_string(who), [this, who, expression, wait] {
      any_promised_.insert(who);
      auto deadline = arrived(who, wait);
      at_pull_any([&](pull_any_effects& out) {
        if (!any_.pull(waiter_id{who}, expression, deadline, now, out))
          throw std::logic_error{"the pattern was refused"};
      });
    });
    return who;
  }

  void cancel(std::uint64_t who) {
    auto& p = pulls.at(who);
    if (p.answered || p.cancelled)
      return;
    p.cancelled = true;
    note("cancel " + std::to_string(who));
    if (p.any) {
      send(gateway(who), pull_any, "cancel " + std::to_string(who), [this, who] {
        at_pull_any([&](pull_any_effects& out) { any_.cancel(waiter_id{who}, now, out); });
      });
    } else {
      auto q = pulled_at_.at(who);
      send(gateway(who), q->address, "cancel " + std::to_string(who), [this, q, who] {
        if (q->alive)
          at_queue(q, [&](effects& out) { q->machine.cancel(waiter_id{who}, now, out); });
      });
    }
  }

  /// Settles the delivery that a pull got, if it got one.
  void settle(std::uint64_t who, verdict v) {
    const auto& p = pulls.at(who);
    auto it = queues_.find(p.from);
    if (!p.got || it == queues_.end())
      return;
    send(gateway(who), it->second->address, "settle", [this, q = it->second, v, lease = p.lease] {
      if (!q->alive)
        return;
      at_queue(q, [&](effects& out) {
        switch (v) {
        case verdict::ack:
          if (q->machine.ack(lease, now, out))
            acked.insert(lease.message.counter);
          break;
        case verdict::nack: (void)q->machine.nack(lease, now, out); break;
        case verdict::extend: (void)q->machine.extend(lease, now, out); break;
        }
      });
    });
  }

  std::set<std::uint64_t> acked;

  // -- the course of things

  /// One message arrives, or one timer fires. False: nothing is under way and nothing is due.
  bool step() {
    std::vector<queue_ptr> due;
    for (const auto& [name, q] : queues_)
      if (is_due(q->machine.next_deadline()))
        due.push_back(q);
    bool any_due = is_due(any_.next_deadline());
    auto choices = lines_.size() + due.size() + (any_due ? 1 : 0);
    if (choices == 0)
      return false;
    auto choice = random_.below(choices);
    if (choice < lines_.size())
      message_arrives(std::next(lines_.begin(), static_cast<std::ptrdiff_t>(choice)));
    else if (choice -= lines_.size(); choice < due.size())
      timer_of_queue(due[choice]);
    else
      timer_of_pull_any();
    return true;
  }

  void run_until_quiet() {
    while (step()) {
    }
  }

  /// What must hold when nothing is under way and nothing is due; throws what doesn't.
  void check_quiet() const {
    for (const auto& [who, p] : pulls) {
      if (p.answered)
        continue;
      auto name = "waiter " + std::to_string(who);
      if (p.cancelled)
        throw std::logic_error{name + " was cancelled and never answered"};
      if (p.until && *p.until <= now)
        throw std::logic_error{name + " waits beyond its time"};
      for (const auto& [queue, q] : queues_)
        if (matches(p, queue) && q->machine.sizes().ready > 0)
          throw std::logic_error{name + " waits beside a message that is ready in " + queue};
    }
    for (const auto& [name, q] : queues_)
      if (auto broken = broken_invariant(q->machine))
        throw std::logic_error{name + ": " + *broken};
  }

  static bool matches(const pull_fate& p, const std::string& queue) {
    if (!p.any)
      return p.target == queue;
    static std::map<std::string, pattern> compiled;
    auto it = compiled.find(p.target);
    if (it == compiled.end())
      it = compiled.emplace(p.target, pattern::compile(p.target).value()).first;
    return it->second.finds(queue);
  }

  bool has(const std::string& name) const { return queues_.count(name) != 0; }
  const queue_machine& queue(const std::string& name) const { return queues_.at(name)->machine; }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, q] : queues_)
      all.push_back(name);
    return all;
  }

  void note(const std::string& what) {
    if (log_ != nullptr)
      log_->push_back(what);
  }

private:
  using node = std::uint64_t;
  static constexpr node pull_any = 0, registry = 1, first_gateway = 2, gateways = 3, first_queue = 5;

  struct queue_node {
    queue_machine machine;
    std::string name;
    node address;
    bool alive;
    unsigned actor;                         ///< counts crashes
    std::map<std::uint64_t, node> promised; ///< who is owed an answer by this queue
    std::set<std::uint64_t> holds;          ///< messages taken in
  };
  using queue_ptr = std::shared_ptr<queue_node>;

  struct message_under_way {
    std::string what;
    std::function<void()> arrive;
  };

  /// Messages from one to another, in their order. No line is empty.
  using lines = std::map<std::pair<node, node>, std::deque<message_under_way>>;

  bool is_due(std::optional<time_point> deadline) const { return deadline && *deadline <= now; }

  void message_arrives(lines::iterator line) {
    auto m = std::move(line->second.front());
    line->second.pop_front();
    if (line->second.empty())
      lines_.erase(line);
    note("  arrives: " + m.what);
    m.arrive();
  }

  void timer_of_queue(const queue_ptr& q) {
    note("  timer of " + q->name);
    at_queue(q, [&](effects& out) { q->machine.tick(now, out); });
    if (is_due(q->machine.next_deadline()))
      throw std::logic_error{"a queue's timer spins"};
  }

  void timer_of_pull_any() {
    note("  timer of pull_any");
    at_pull_any([&](pull_any_effects& out) { any_.tick(now, out); });
    if (is_due(any_.next_deadline()))
      throw std::logic_error{"pull_any's timer spins"};
  }

  static node gateway(std::uint64_t number) { return first_gateway + number % gateways; }

  /// A pull's time counts from its arrival.
  std::optional<time_point> arrived(std::uint64_t who, std::optional<duration> wait) {
    return pulls.at(who).until = wait ? std::optional{now + *wait} : std::nullopt;
  }

  void send(node from, node to, std::string what, std::function<void()> arrive) {
    lines_[{from, to}].push_back({std::move(what), std::move(arrive)});
  }

  std::uint64_t begin_pull(bool any, const std::string& target, std::optional<duration> wait) {
    auto who = next_waiter_++;
    pulls[who] = {any, target, {}, false, false, {}, {}, {}};
    note(std::string{any ? "pull any " : "pull "} + std::to_string(who) + " of '" + target + "'" +
         (wait ? " for " + std::to_string(*wait / std::chrono::milliseconds{1}) + " ms" : ""));
    return who;
  }

  // -- a queue's actor

  template <class Verb>
  void at_queue(const queue_ptr& q, Verb verb) {
    effects out;
    verb(out);
    q->machine.tick(now, out);
    for (const auto& e : out)
      std::visit([&](const auto& x) { perform(q, x); }, e);
    if (auto broken = broken_invariant(q->machine))
      throw std::logic_error{q->name + ": " + *broken};
  }

  void perform(const queue_ptr& q, const deliver& d) {
    auto who = static_cast<std::uint64_t>(d.to);
    send_answer(q, who, d.what.lease, take_promise(*q, who));
  }
  void perform(const queue_ptr& q, const answer_empty& a) {
    auto who = static_cast<std::uint64_t>(a.to);
    send_answer(q, who, std::nullopt, take_promise(*q, who));
  }
  void perform(const queue_ptr& q, const discard& d) {
    discarded.insert(d.id.counter);
    q->holds.erase(d.id.counter);
  }
  void perform(const queue_ptr&, const move_on&) { throw std::logic_error{"nobody asked for dead letters"}; }
  void perform(const queue_ptr&, const record&) { throw std::logic_error{"nobody wants facts here"}; }

  void perform(const queue_ptr& q, const offer& o) {
    send(q->address, pull_any, "offer of " + q->name, [this, q, oldest = o.oldest] {
      if (is_known(q))
        at_pull_any([&](pull_any_effects& out) { any_.offered(q->name, oldest, now, out); });
    });
  }

  static node take_promise(queue_node& q, std::uint64_t who) {
    auto it = q.promised.find(who);
    if (it == q.promised.end())
      throw std::logic_error{q.name + " answered waiter " + std::to_string(who) + ", whom it owes nothing"};
    auto to = it->second;
    q.promised.erase(it);
    return to;
  }

  void send_answer(const queue_ptr& q, std::uint64_t who, std::optional<lease_id> lease, node to) {
    if (to == pull_any)
      send(q->address, pull_any, "taken from " + q->name + " for " + std::to_string(who),
           [this, q, who, lease] {
             at_pull_any_taken(q, who, lease ? take_result::delivered : take_result::nothing, lease);
           });
    else
      send(q->address, to, "answer to " + std::to_string(who),
           [this, q, who, lease] { at_client(who, q, lease); });
  }

  void at_queue_close(const queue_ptr& q) {
    at_queue(q, [&](effects& out) { q->machine.close(out); });
    q->alive = false;
    if (!q->promised.empty())
      throw std::logic_error{"a queue ended and left a waiter without an answer"};
    for (auto id : q->holds)
      if (acked.count(id) == 0)
        died.insert(id);
  }

  // -- pull_any's actor

  template <class Verb>
  void at_pull_any(Verb verb) {
    pull_any_effects out;
    verb(out);
    for (const auto& e : out)
      std::visit([this](const auto& x) { perform(x); }, e);
  }

  /// What a queue says that has ended since must not be taken for the words of another of its name.
  bool is_known(const queue_ptr& q) const {
    auto it = known_.find(q->name);
    return it != known_.end() && it->second == q;
  }

  void at_pull_any_opened(const queue_ptr& q) {
    known_[q->name] = q;
    at_pull_any([&](pull_any_effects& out) { any_.opened(q->name, out); });
  }

  void at_pull_any_gone(const std::string& name) {
    known_.erase(name);
    at_pull_any([&](pull_any_effects& out) { any_.gone(name, now, out); });
  }

  void at_pull_any_taken(const queue_ptr& q, std::uint64_t who, take_result came,
                         std::optional<lease_id> lease) {
    bool here = false;
    at_pull_any([&](pull_any_effects& out) {
      here = any_.taken(q->name, waiter_id{who}, came, now, out);
      if (lease && here)
        answer_any(who, q, lease);
      else if (lease)
        send_give_back(pull_any, q, *lease);
      if (!here && any_promised_.count(who) != 0)
        answer_any(who, nullptr, std::nullopt);
    });
  }

  void perform(const watch_queue& x) {
    auto q = known_.at(x.queue);
    send(pull_any, q->address, "watch " + x.queue, [this, q, actor = known_actor_[q]] {
      bool ready = false;
      bool bounced = !q->alive || q->actor != actor;
      if (!bounced)
        at_queue(q, [&](effects& out) { ready = q->machine.watch(now, out); });
      if (bounced)
        return; // of which `restarted` or `gone` tells
      send(q->address, pull_any, "watched " + q->name + (ready ? ": ready" : ": nothing"),
           [this, q, ready, actor] {
             if (is_known(q) && known_actor_[q] == actor)
               at_pull_any([&](pull_any_effects& out) { any_.watched(q->name, ready, now, out); });
           });
    });
  }

  void perform(const take_from& x) {
    auto q = known_.at(x.queue);
    auto who = static_cast<std::uint64_t>(x.to);
    auto actor = known_actor_[q];
    send(pull_any, q->address, "take from " + x.queue + " for " + std::to_string(who), [this, q, who, actor] {
      if (!q->alive || q->actor != actor)
        return send(q->address, pull_any, "take lost",
                    [this, q, who] { at_pull_any_taken(q, who, take_result::lost, std::nullopt); });
      q->promised[who] = pull_any;
      at_queue(q, [&](effects& out) { q->machine.take(waiter_id{who}, now, out); });
    });
  }

  void perform(const yield_to& x) {
    auto q = known_.at(x.queue);
    send(pull_any, q->address, "yield to " + x.queue, [this, q, actor = known_actor_[q]] {
      if (q->alive && q->actor == actor)
        at_queue(q, [&](effects& out) { q->machine.yield(now, out); });
    });
  }

  void perform(const keep_in& x) {
    if (auto it = known_.find(x.queue); it != known_.end())
      send(pull_any, it->second->address, "keep in " + x.queue,
           [this, q = it->second, actor = known_actor_[it->second]] {
             if (q->alive && q->actor == actor)
               at_queue(q, [&](effects& out) { q->machine.keep(now, out); });
           });
  }

  void perform(const nothing_for& x) { answer_any(static_cast<std::uint64_t>(x.to), nullptr, std::nullopt); }

  void answer_any(std::uint64_t who, const queue_ptr& q, std::optional<lease_id> lease) {
    if (any_promised_.erase(who) == 0)
      throw std::logic_error{"pull_any answered waiter " + std::to_string(who) + ", whom it owes nothing"};
    send(pull_any, gateway(who), "answer to " + std::to_string(who),
         [this, who, q, lease] { at_client(who, q, lease); });
  }

  // -- a client, behind its gateway

  void at_client(std::uint64_t who, const queue_ptr& q, std::optional<lease_id> lease) {
    auto& p = pulls.at(who);
    if (p.answered)
      throw std::logic_error{"waiter " + std::to_string(who) + " was answered twice"};
    p.answered = true;
    if (!lease)
      return;
    if (p.cancelled)
      return send_give_back(gateway(who), q, *lease); // it has gone away
    if (!matches(p, q->name))
      throw std::logic_error{"waiter " + std::to_string(who) + " was given a message of another queue"};
    p.got = lease->message.counter;
    p.from = q->name;
    p.lease = *lease;
    ++accepted[*p.got];
    note("    waiter " + std::to_string(who) + " gets message " + std::to_string(*p.got));
  }

  void send_give_back(node from, const queue_ptr& q, lease_id lease) {
    send(from, q->address, "give back " + std::to_string(lease.message.counter), [this, q, lease] {
      if (q->alive)
        at_queue(q, [&](effects& out) { q->machine.give_back(lease, now, out); });
    });
  }

  dice& random_;
  step_log* log_;
  lines lines_;
  std::map<std::string, queue_ptr> queues_; ///< as the registry has them
  std::map<std::uint64_t, queue_ptr> pulled_at_;
  std::map<std::string, queue_ptr> known_;    ///< as pull_any has them
  std::map<queue_ptr, unsigned> known_actor_; ///< which of a queue's actors pull_any speaks to
  pull_any_machine any_;
  std::set<std::uint64_t> any_promised_;
  node next_node_ = first_queue;
  std::uint64_t next_message_ = 1;
  std::uint64_t next_waiter_ = 1;
};

} // namespace lmq
