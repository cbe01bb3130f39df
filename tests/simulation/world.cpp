#include "tests/simulation/simulated_node.hpp"

#include <algorithm>
#include <utility>

namespace lmq::simulation {

using namespace std::chrono_literals;

world::world(plan what) : plan_(what), dice_(what.seed * 0x9e3779b97f4a7c15ULL + 1) {
  for (std::size_t i = 0; i < plan_.nodes; ++i) {
    nodes_.push_back(std::make_unique<node>(*this, i));
  }
}

world::~world() = default;

void world::at(time_point when, std::function<void()> what) {
  agenda_.push({std::max(when, now_), ++events_, std::move(what)});
}

void world::run_until(time_point when) {
  while (!agenda_.empty() && agenda_.top().at <= when) {
    auto next = agenda_.top();
    agenda_.pop();
    now_ = next.at;
    next.what();
  }
  now_ = when;
}

outcome world::run() {
  for (std::size_t i = 0; i < plan_.nodes; ++i)
    at(now_ + some(i == 0 ? 1ms : 500ms), [this, i] { start(i); });
  auto end = now_ + plan_.time;
  std::function<void()> requests = [&] {
    if (now_ >= end)
      return;
    act();
    at(now_ + some(2 * plan_.between_requests), requests);
  };
  std::function<void()> faults = [&] {
    if (now_ >= end)
      return;
    fault();
    at(now_ + some(2 * plan_.between_faults), faults);
  };
  at(now_ + 100ms, requests);
  at(now_ + 2s, faults);
  run_until(end);
  heal();
  run_until(now_ + 25s);
  compare_copies();
  drain();
  compare_copies();
  outcome_.pushed = ledger_.pushed();
  outcome_.deliveries = ledger_.deliveries();
  outcome_.duplicates = ledger_.duplicates();
  for (const auto& c : ledger_.complaints())
    outcome_.complaints.push_back(c);
  return std::move(outcome_);
}

bool world::cut(std::size_t a, std::size_t b) const {
  return cuts_.contains({a, b});
}

void world::send(node& from, const node_id& to, std::string frame) {
  for (auto& other : nodes_) {
    if (other->id != to || !other->machine || cut(from.index, other->index) ||
        (loss_percent_ > 0 && chance(loss_percent_)))
      continue;
    auto copies = loss_percent_ > 0 && chance(5) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      auto delay = 200us + (chance(90) ? some(2ms) : some(30ms));
      at(now_ + delay, [this, index = other->index, sender = from.id, life = other->life, frame] {
        if (nodes_[index]->life == life)
          arrive(index, sender, frame);
      });
    }
  }
}

void world::arrive(std::size_t to, node_id from, std::string frame) {
  auto& n = *nodes_[to];
  if (!n.machine)
    return;
  if (n.asleep) {
    n.meanwhile.push_back([this, to, from, frame] { arrive(to, from, frame); });
    return;
  }
  // A frame comes over a connection, and of that the node has heard.
  for (auto& other : nodes_)
    if (other->id == from && n.met[other->index] != from.incarnation) {
      n.met[other->index] = from.incarnation;
      n.machine->connected(from, address_of(other->index), now_, n.effects);
    }
  n.machine->received(from, frame, now_, n.effects);
  settle_effects(n);
}

void world::tell(const std::string& what) {
  if (trace_)
    trace_(
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count()) +
      " " + what);
}
} // namespace lmq::simulation
