// When all is well again: are all copies equal, and is everything there?
#include "tests/simulation/simulated_node.hpp"

#include <algorithm>

namespace lmq::simulation {

using namespace std::chrono_literals;

void world::heal() {
  cuts_.clear();
  loss_percent_ = 0;
  disks_are_slow_ = false;
  for (auto& n : nodes_) {
    if (n->asleep)
      awake(*n);
    if (!n->machine)
      start(n->index);
  }
}

void world::compare_copies() {
  const auto& first = *nodes_.front();
  for (auto& n : nodes_) {
    const auto& m = *n->machine;
    if (!m.active() || m.current().members.size() != plan_.nodes)
      outcome_.complaints.push_back("apart: " + n->id.name + " " + m.describe());
    for (const auto* queue : queues) {
      auto a = first.machine->copies().sum(queue), b = m.copies().sum(queue);
      if (a.units != b.units || a.digest != b.digest)
        outcome_.complaints.push_back("unequal: queue " + std::string{queue} + " on " + n->id.name + " has " +
                                      std::to_string(b.units) + " units, on " + first.id.name + " " +
                                      std::to_string(a.units));
      if (m.is_home(queue) && n->queues.contains(queue)) {
        auto held = n->queues.at(queue).machine().sizes().messages();
        if (held != b.units)
          outcome_.complaints.push_back("unequal: the machine of queue " + std::string{queue} + " holds " +
                                        std::to_string(held) + " units, its copy " + std::to_string(b.units));
      }
    }
    if (!(m.copies().context() == first.machine->copies().context()))
      outcome_.complaints.push_back("unequal: the context of " + n->id.name);
    compare_disk(*n);
    if (!(m.names() == first.machine->names()))
      outcome_.complaints.push_back("unequal: the metadata of " + n->id.name);
  }
}

/// Would it go on with what it has?
void world::compare_disk(const node& n) {
  for (const auto& c : n.disk.complaints())
    outcome_.complaints.push_back(c + " on " + n.id.name);
  if (!plan_.disks)
    return;
  replica again;
  again.restore(n.disk.read(now_), now_);
  const auto& copies = n.machine->copies();
  if (!(again.context() == copies.context()))
    outcome_.complaints.push_back("disk: the context of " + n.id.name);
  for (const auto* queue : queues) {
    auto order = [&](const replica& r) {
      std::vector<message_id> all;
      for (const auto& u : r.units(queue, now_))
        if (!u.state.lease)
          all.push_back(u.unit);
      return all;
    };
    auto a = again.sum(queue), b = copies.sum(queue);
    if (a.units != b.units || a.digest != b.digest)
      outcome_.complaints.push_back("disk: queue " + std::string{queue} + " on " + n.id.name + " has " +
                                    std::to_string(a.units) + " units, the copy " + std::to_string(b.units));
    else if (order(again) != order(copies))
      outcome_.complaints.push_back("disk: the order of queue " + std::string{queue} + " on " + n.id.name);
  }
}

/// Takes all that is left, through all nodes; what waits to be moved to a queue that is full comes then.
void world::drain() {
  auto leaving = [&] {
    std::size_t n = 0;
    for (auto& of_all : nodes_)
      for (auto& [name, q] : of_all->queues)
        n += q.machine().leaving();
    return n;
  };
  do {
    drain_once();
    run_until(now_ + 2s);
  } while (leaving() > 0 && outcome_.complaints.empty() && ledger_.complaints().empty());
  drain_once();
  run_until(now_ + 2s);
  if (trace_)
    for (auto& [body, where] : pushed_)
      if (!ledger_.was_drained(body))
        for (auto& n : nodes_) {
          auto& m = *n->machine;
          auto text = std::to_string(body) + ": " + n->id.name +
                      (m.copies().context().contains(where.second) ? " knows" : " knows nothing") +
                      (m.copies().holds(where.first, where.second) ? ", holds" : "");
          if (m.is_home(where.first) && n->queues.contains(where.first))
            text += n->queues.at(where.first).machine().holds(where.second) ? ", home holds" : ", home";
          tell(text);
        }
  ledger_.look_for_losses();
}

void world::drain_once() {
  for (const auto* queue : queues) {
    int none = 0;
    for (int i = 0; none < 3 && i < 100'000; ++i) {
      auto& n = *nodes_[roll(nodes_.size())];
      std::optional<bool> got;
      ask(n, queue, asked::pull{duration{0}}, [&](reply& r) {
        auto* d = std::get_if<answered::delivered>(&r);
        got = d != nullptr;
        if (d == nullptr)
          return;
        for (auto body : bodies(d->what))
          ledger_.drained(body);
        auto lease = d->what.lease;
        at(now_, [this, queue, lease, &n] {
          ask(n, queue, asked::settle{lease, static_cast<std::uint8_t>(verdict::ack), false},
              [this](reply& done) {
                if (!std::holds_alternative<answered::nothing>(done))
                  outcome_.complaints.push_back("not acknowledged at the end");
              });
        });
      });
      for (int waited = 0; !got && waited < 200; ++waited)
        run_until(now_ + 10ms);
      if (!got) {
        outcome_.complaints.push_back("hangs: a pull at the end is not answered");
        return;
      }
      none = *got ? 0 : none + 1;
    }
  }
}

} // namespace lmq::simulation
