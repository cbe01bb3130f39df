// A copy of a queue, made of its facts as simply as it can be: a list, searched from end to end.
//
// Written from the description of facts (core/fact.hpp), not from the machine that tells them.
#pragma once

#include "core/fact.hpp"
#include "queue_contents.hpp"

#include <algorithm>
#include <list>
#include <stdexcept>

namespace lmq {

class naive_replica {
public:
  void apply(const fact& f, time_point now) {
    std::visit([&](const auto& x) { apply_one(x, now); }, f);
  }

  /// As they are handed over to another home.
  std::vector<held_unit> units(time_point now) const {
    std::vector<const unit*> in_order;
    for (const auto& u : units_)
      in_order.push_back(&u);
    std::sort(in_order.begin(), in_order.end(),
              [](const unit* a, const unit* b) { return a->place < b->place; });
    std::vector<held_unit> all;
    for (const auto* u : in_order) {
      held_unit h{u->seen.id, {}, {}, {}};
      if (u->seen.parts == std::vector{u->seen.id})
        h.content = u->contents.front();
      else {
        auto parts = std::make_shared<compound>();
        for (std::size_t i = 0; i < u->contents.size(); ++i)
          parts->push_back({u->seen.parts[i], u->contents[i]});
        h.content = std::shared_ptr<const compound>{parts};
      }
      h.state = {u->seen.deliveries, u->seen.retries_left, u->seen.exhausted, u->seen.home, {}};
      if (u->is == state::leased)
        h.state.lease = u->seen.until - now;
      if (u->is == state::window)
        h.window = u->seen.until - now;
      all.push_back(std::move(h));
    }
    return all;
  }

  queue_contents contents() const {
    queue_contents all;
    std::vector<const unit*> ready;
    for (const auto& u : units_)
      switch (u.is) {
      case state::ready: ready.push_back(&u); break;
      case state::leased: all.leased.push_back(u.seen); break;
      case state::window: all.accumulating.push_back(u.seen); break;
      }
    std::sort(ready.begin(), ready.end(), [](const unit* a, const unit* b) { return a->place < b->place; });
    for (const auto* u : ready)
      all.ready.push_back(u->seen);
    all.sort();
    return all;
  }

  std::vector<message_id> messages() const {
    std::vector<message_id> all;
    for (const auto& u : units_)
      all.insert(all.end(), u.seen.parts.begin(), u.seen.parts.end());
    return all;
  }

private:
  enum class state { ready, leased, window };

  struct unit {
    seen_unit seen;
    std::vector<message> contents; ///< as seen.parts
    state is = state::ready;
    std::uint64_t place = 0; ///< among the ready ones, kept while it is leased
  };

  unit* find(message_id id) {
    auto it = std::find_if(units_.begin(), units_.end(), [&](const unit& u) { return u.seen.id == id; });
    return it == units_.end() ? nullptr : &*it;
  }
  unit& at(message_id id) {
    if (auto* u = find(id))
      return *u;
    throw std::logic_error{"a fact names a unit that no fact has brought"};
  }
  static void require(bool holds, const char* sentence) {
    if (!holds)
      throw std::logic_error{sentence};
  }

  void apply_one(const facts::put& x, time_point now) {
    auto ids = messages();
    require(std::find(ids.begin(), ids.end(), x.id) == ids.end(), "a message was put twice");
    auto name = x.window ? x.window->unit : x.id;
    auto* u = find(name);
    if (u == nullptr) {
      u = &units_.emplace_back();
      u->seen.id = name;
      u->seen.retries_left = x.retries_left;
      u->place = ++last_place_;
      if (x.window) {
        u->is = state::window;
        u->seen.until = now + x.window->left;
      }
    }
    require(u->seen.retries_left == x.retries_left, "the parts of a window differ in their retries");
    require(!x.window || u->seen.until == now + x.window->left, "a window changed its end");
    u->seen.parts.push_back(x.id);
    u->contents.push_back(x.content);
  }

  void apply_one(const facts::closed& x, time_point) {
    unit closed;
    closed.seen.id = x.unit;
    closed.seen.parts = x.parts;
    closed.seen.retries_left = x.retries_left;
    closed.place = ++last_place_;
    for (auto id : x.parts) // from wherever they are: a window that was taken over has a new name
      closed.contents.push_back(take_out(id, state::window));
    units_.push_back(std::move(closed));
  }

  void apply_one(const facts::leased& x, time_point now) {
    auto& u = at(x.unit);
    require(u.is != state::window, "an open window was leased");
    require(x.delivery >= u.seen.deliveries, "a delivery came before its predecessor");
    u.is = state::leased;
    u.seen.deliveries = x.delivery;
    u.seen.home = x.home;
    u.seen.until = now + x.lease;
  }

  void apply_one(const facts::ended& x, time_point) {
    auto& u = at(x.unit);
    require(u.is == state::leased, "a lease ended that was none");
    require(u.seen.deliveries == x.delivery && u.seen.home == x.home, "another lease ended than was made");
    u.is = state::ready;
    u.seen.retries_left = x.retries_left;
    u.seen.exhausted = x.exhausted;
    u.seen.until = {};
    if (!x.in_place)
      u.place = ++last_place_;
  }

  void apply_one(const facts::settled& x, time_point) {
    for (auto id : x.ids)
      take_out(id, std::nullopt);
  }

  /// Out of its unit, which goes with its last part.
  message take_out(message_id id, std::optional<state> from) {
    for (auto u = units_.begin(); u != units_.end(); ++u) {
      auto& parts = u->seen.parts;
      auto it = std::find(parts.begin(), parts.end(), id);
      if (it == parts.end())
        continue;
      require(!from || u->is == *from, "a part was taken from where it is not");
      auto content = u->contents.begin() + (it - parts.begin());
      auto found = *content;
      u->contents.erase(content);
      parts.erase(it);
      if (parts.empty())
        units_.erase(u);
      return found;
    }
    throw std::logic_error{"a fact names a message that no fact has brought"};
  }

  std::list<unit> units_;
  std::uint64_t last_place_ = 0;
};

} // namespace lmq
