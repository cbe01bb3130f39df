// Nodes that crash, stand still, leave, and do not hear each other.
#include "tests/simulation/simulated_node.hpp"

#include <algorithm>
#include <utility>

namespace lmq::simulation {

using namespace std::chrono_literals;

void world::fault() {
  auto& n = *nodes_[roll(nodes_.size())];
  switch (roll(5)) {
  case 0:
    if (plan_.crashes && n.machine && may_crash(n))
      crash(n);
    break;
  case 1:
    if (plan_.pauses && n.machine && !n.asleep)
      pause(n);
    break;
  case 2:
    if (plan_.cuts && cuts_.empty())
      cut_some();
    break;
  case 3:
    if (plan_.losses && loss_percent_ == 0) {
      loss_percent_ = 1 + static_cast<unsigned>(roll(20));
      tell("FAULT loses " + std::to_string(loss_percent_) + " %");
      at(now_ + some(4s), [this] { loss_percent_ = 0; });
    }
    break;
  case 4:
    if (plan_.leaves && n.machine && !n.asleep && chance(40))
      leave(n);
    break;
  }
}

void world::crash(node& n) {
  tell("FAULT " + n.id.name + " crashes");
  ++outcome_.crashes;
  kill(n);
  at(now_ + some(3s), [this, &n, life = n.life] {
    if (n.life == life && !n.machine)
      start(n.index);
  });
}

/// Without disks nodes keep all in memory: what only one of them knows is lost with it, and no promise says
/// otherwise. So a node crashes only while others know all that it knows.
bool world::may_crash(const node& n) const {
  if (plan_.disks)
    return true;
  const auto& its = n.machine->copies();
  for (const auto* queue : queues)
    for (auto id : its.ids(queue))
      if (std::none_of(nodes_.begin(), nodes_.end(), [&](const auto& other) {
            return other.get() != &n && other->machine && other->machine->copies().context().contains(id);
          }))
        return false;
  for (const auto& other : nodes_) {
    if (other.get() == &n || !other->machine)
      continue;
    for (const auto* queue : queues)
      for (auto id : other->machine->copies().ids(queue))
        if (its.context().contains(id) && !its.holds(queue, id))
          return false; // settled, and there it is not known yet
  }
  return true;
}

void world::pause(node& n) {
  auto until = now_ + some(3s);
  tell("FAULT " + n.id.name + " stands still");
  ++outcome_.pauses;
  n.asleep = until;
  at(until, [this, &n, life = n.life] {
    if (n.life == life && n.asleep)
      awake(n);
  });
}

void world::awake(node& n) {
  n.asleep.reset();
  auto missed = std::exchange(n.meanwhile, {});
  for (auto& m : missed)
    if (n.machine)
      m();
}

/// Two sides that do not hear each other; or one link, one way or both.
void world::cut_some() {
  ++outcome_.cuts;
  std::string what;
  auto sever = [&](std::size_t a, std::size_t b) {
    cuts_.insert({a, b});
    what += std::string{" "} + names[a] + ">" + names[b];
  };
  if (chance(60)) {
    std::vector<bool> left;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      left.push_back(chance(50));
    for (std::size_t a = 0; a < nodes_.size(); ++a)
      for (std::size_t b = 0; b < nodes_.size(); ++b)
        if (left[a] != left[b])
          sever(a, b);
  } else {
    auto a = roll(nodes_.size()), b = (a + 1 + roll(nodes_.size() - 1)) % nodes_.size();
    sever(a, b);
    if (chance(50))
      sever(b, a);
  }
  tell("FAULT cut" + what);
  at(now_ + some(5s), [this] {
    tell("FAULT healed");
    cuts_.clear();
  });
}

void world::leave(node& n) {
  tell("FAULT " + n.id.name + " leaves");
  bool leaves = n.machine->leave(now_, n.effects).has_value();
  settle_effects(n);
  if (!leaves)
    return tell("FAULT " + n.id.name + " stays");
  look_whether_left(n, n.life, 50);
}

/// It ends when the others hold all that it holds; if that takes too long, it stays.
void world::look_whether_left(node& n, std::uint64_t life, int times) {
  if (n.life != life || !n.machine)
    return;
  if (n.asleep || (times > 0 && !(n.machine->left() && may_crash(n))))
    return at(now_ + 100ms,
              [this, &n, life, times] { look_whether_left(n, life, n.asleep ? times : times - 1); });
  if (times == 0) {
    n.machine->stay(now_, n.effects);
    return settle_effects(n);
  }
  tell("FAULT " + n.id.name + " has left");
  kill(n);
  at(now_ + some(2s), [this, &n, ended = n.life] {
    if (n.life == ended && !n.machine)
      start(n.index);
  });
}

} // namespace lmq::simulation
