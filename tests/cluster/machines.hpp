// For tests of node machines: a few of them, connected as the test says, whose queues are the test.
#pragma once

#include "cluster/node_machine.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lmq::machines {

struct simple_node {
  simple_node(std::string name, std::uint64_t incarnation, time_point now, std::size_t min_copies,
              std::vector<std::string> joins, node_options usual)
      : id{std::move(name), incarnation},
        machine(options(id, min_copies, std::move(joins), std::move(usual)), now, 1'700'000'000'000) {}

  static node_options options(const node_id& self, std::size_t min_copies, std::vector<std::string> joins,
                              node_options o) {
    o.self = self;
    o.tag = home_tag{static_cast<std::uint32_t>(self.incarnation)};
    o.address = self.name + ":1";
    o.min_copies = min_copies;
    o.joins = std::move(joins);
    return o;
  }

  /// Effects of this kind since the last `forget`.
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& e : log)
      if (const auto* x = std::get_if<T>(&e))
        found.push_back(*x);
    return found;
  }

  node_id id;
  node_machine machine;
  node_effect_list effects, log;
  bool holds_by_itself = true;  ///< `hold_queues` is answered at once
  bool writes_by_itself = true; ///< `store_rows` is answered at once
};

struct fixture {
  time_point now{std::chrono::hours{1}};
  std::vector<std::unique_ptr<simple_node>> nodes;
  std::set<std::pair<std::string, std::string>> cut; ///< from, to
  std::deque<std::function<void()>> under_way;
  node_options usual; ///< of those that are started from now on

  simple_node& start(const std::string& name, std::vector<std::string> joins = {},
                     std::size_t min_copies = 1) {
    nodes.push_back(
      std::make_unique<simple_node>(name, 100 + nodes.size(), now, min_copies, std::move(joins), usual));
    return *nodes.back();
  }

  void connect(simple_node& a, simple_node& b) {
    a.machine.connected(b.id, b.id.name + ":1", now, a.effects);
    b.machine.connected(a.id, a.id.name + ":1", now, b.effects);
  }

  void kill(simple_node& n) {
    auto address = n.id.name + ":1";
    std::erase_if(nodes, [&](const auto& x) { return x.get() == &n; });
    for (auto& other : nodes)
      other->machine.refused(address, now, other->effects);
  }

  /// Lets all nodes do what they want done, and time go by.
  void run(duration time = std::chrono::milliseconds{100}, duration step = std::chrono::milliseconds{10}) {
    for (auto end = now + time; now < end; now += step) {
      for (int i = 0; i < 20; ++i) {
        for (auto& n : nodes) {
          n->machine.tick(now, n->effects);
          carry_out(*n);
        }
        for (auto& f : std::exchange(under_way, {}))
          f();
      }
    }
  }

  void carry_out(simple_node& n) {
    for (std::size_t i = 0; i < n.effects.size(); ++i) {
      auto e = std::move(n.effects[i]);
      if (auto* frame = std::get_if<node_effects::send_frame>(&e)) {
        if (!cut.contains({n.id.name, frame->to.name}))
          under_way.emplace_back([this, from = n.id, to = frame->to, bytes = frame->frame] {
            for (auto& other : nodes)
              if (other->id == to)
                other->machine.received(from, bytes, now, other->effects);
          });
        continue;
      }
      if (std::holds_alternative<node_effects::hold_queues>(e) && n.holds_by_itself)
        n.machine.held(now, n.effects);
      if (const auto* rows = std::get_if<node_effects::store_rows>(&e); rows != nullptr && n.writes_by_itself)
        n.machine.stored(rows->number, now, n.effects);
      n.log.push_back(std::move(e));
    }
    n.effects.clear();
  }

  void forget() {
    for (auto& n : nodes)
      n->log.clear();
  }

  /// A queue whose home that node is.
  std::string queue_of(const simple_node& n, const simple_node& in_view_of) const {
    for (int i = 0; i < 1000; ++i)
      if (auto name = "queue-" + std::to_string(i); in_view_of.machine.home(name) == n.id.name)
        return name;
    return {};
  }
};

inline message text(std::string_view body) {
  return {payload::copy_of("text/plain", body), nullptr};
}

} // namespace lmq::machines
