// What clients do: push, pull, settle, delete, change properties, and go away.
#include "tests/simulation/simulated_node.hpp"
#include "tests/simulation/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lmq::simulation {

using namespace std::chrono_literals;

world::node* world::any_node() {
  std::vector<node*> alive;
  for (auto& n : nodes_)
    if (n->machine && !n->asleep)
      alive.push_back(n.get());
  return alive.empty() ? nullptr : alive[roll(alive.size())];
}

std::string world::any_queue() {
  return queues[roll(std::size(queues))];
}

std::uint64_t world::ask(node& n, const std::string& queue, question what, std::function<void(reply&)> then) {
  auto number = next_number_++;
  n.open.emplace(number, std::move(then));
  n.machine->ask(number, queue, std::move(what), now_, n.effects);
  settle_effects(n);
  return number;
}

void world::answered(node& n, std::uint64_t number, reply& what) {
  auto it = n.open.find(number);
  if (it == n.open.end())
    return;
  auto then = std::move(it->second);
  n.open.erase(it);
  then(what);
}

std::vector<std::uint64_t> world::bodies(const delivery& d) {
  auto number = [](const message& m) {
    std::uint64_t body = 0;
    auto text = m.content.body();
    std::from_chars(text.data(), text.data() + text.size(), body);
    return body;
  };
  if (const auto* one = std::get_if<message>(&d.content))
    return {number(*one)};
  std::vector<std::uint64_t> all;
  for (const auto& p : *std::get<std::shared_ptr<const compound>>(d.content))
    all.push_back(number(p.content));
  return all;
}

void world::act() {
  auto* n = any_node();
  if (n == nullptr)
    return;
  if (plan_.writes && chance(1))
    write(*n);
  else if (chance(45))
    push(*n);
  else
    pull(*n);
}

void world::push(node& n) {
  auto body = next_body_++;
  auto id = n.ids.next();
  auto text = std::to_string(body) + (chance(3) ? std::string(5000, ' ') : " ");
  auto queue = any_queue();
  pushed_[body] = {queue, id};
  alone_[compound_id(id, home_tag{})] = body;
  tell(n.id.name + " is given " + std::to_string(body) + " for " + queue + " as " + text_of(id));
  ask(n, queue, asked::push{id, {payload::copy_of("text/plain", text), nullptr}}, [this, body, id](reply& r) {
    if (const auto* no = std::get_if<answered::refused>(&r);
        no != nullptr && static_cast<reason>(no->why) == reason::queue_full) {
      tell("answered: " + std::to_string(body) + " is refused");
      return ledger_.push_refused(body);
    }
    if (!std::holds_alternative<answered::pushed>(r))
      return;
    tell("answered: " + std::to_string(body) + " is stored");
    look_whether_enough_have(id);
    ledger_.push_answered(body);
  });
}

/// Of a push that is answered. It may have been refused, asked again elsewhere, and found there.
void world::look_whether_enough_have(message_id pushed) {
  auto have = std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& n) {
    return n->disk.knows(pushed) || (n->machine && n->machine->copies().context().contains(pushed));
  });
  if (too_few_have_.contains(pushed) && static_cast<std::size_t>(have) < plan_.min_copies)
    outcome_.complaints.push_back(
      "unsafe: push " + text_of(pushed) +
      " is answered, and became safe in a view of fewer copies than are asked for");
}

void world::pull(node& n) {
  auto queue = any_queue();
  auto wait = chance(50) ? duration{0} : some(3s);
  auto number = ask(n, queue, asked::pull{wait}, [this, queue](reply& r) {
    if (auto* d = std::get_if<answered::delivered>(&r))
      consume(queue, d->what);
  });
  if (chance(10)) // a client that goes away
    at(now_ + some(200ms), [this, &n, life = n.life, number] {
      if (n.life != life || !n.machine || n.asleep || n.open.erase(number) == 0)
        return;
      n.machine->forget(number, now_, n.effects);
      settle_effects(n);
    });
}

/// Deletes a queue, or changes properties or rules: each through any node.
void world::write(node& n) {
  auto number = next_number_++;
  auto queue = any_queue();
  property_set change;
  change.retry = static_cast<std::uint32_t>(roll(1000));
  switch (roll(4)) {
  case 0: n.machine->patch(number, queue, change, now_, n.effects); break;
  case 1: n.machine->reset(number, queue, now_, n.effects); break;
  case 2: n.machine->set_rules(number, {{std::to_string(roll(1000)), change}}, now_, n.effects); break;
  case 3:
    if (plan_.dead_letters) // its messages would go with the queue that they were moved to
      break;
    return remove(n, roll(2) == 0 ? "three" : "window");
  }
  settle_effects(n);
}

/// What the node knows of is gone for good when this is answered; what it does not know stays.
void world::remove(node& n, const std::string& queue) {
  tell("CLIENT deletes " + queue + " through " + n.id.name);
  std::vector<std::uint64_t> known;
  for (const auto& [body, where] : pushed_)
    if (where.first == queue && n.machine->copies().holds(queue, where.second)) {
      known.push_back(body);
      ledger_.deleted(body);
    }
  auto number = next_number_++;
  n.writes.emplace(number, [this, known = std::move(known)] {
    for (auto body : known)
      ledger_.deletion_answered(body);
  });
  n.machine->remove(number, queue, now_, n.effects);
  settle_effects(n);
}

/// A client works for a while, then settles through whichever node it finds.
void world::consume(const std::string& queue, const delivery& what) {
  for (auto body : bodies(what))
    ledger_.received(body, what.lease);
  if (chance(12))
    return; // it dies
  auto how = chance(70) ? verdict::ack : chance(60) ? verdict::nack : verdict::extend;
  at(now_ + some(chance(80) ? duration{300ms} : duration{5s}),
     [this, queue, lease = what.lease, how, all = bodies(what)] {
       auto* where = any_node();
       if (where == nullptr)
         return;
       if (how == verdict::ack)
         for (auto body : all)
           ledger_.ack_sent(body);
       ask(*where, queue, asked::settle{lease, static_cast<std::uint8_t>(how), false},
           [this, how, all](reply& done) {
             if (how == verdict::ack && std::holds_alternative<answered::nothing>(done))
               for (auto body : all)
                 ledger_.ack_answered(body);
           });
     });
}

} // namespace lmq::simulation
