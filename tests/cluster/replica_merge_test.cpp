// Copies that went their own ways: merged, in whatever order and however often, they are equal.
#define CAF_SUITE replica_merge

#include "cluster/replica.hpp"

#include "tests/cluster/copies.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <random>

using namespace lmq;
using namespace lmq::copies;
using namespace std::chrono_literals;

namespace {

/// A home that does what homes do, to its own copy.
class home {
public:
  home(std::uint32_t tag, unsigned seed) : tag_(home_tag{tag}), ids_(tag), dice_(seed * 100 + tag) {}

  replica copy;

  void act() {
    auto units = copy.units("q", start);
    auto any = [&]() -> const held_unit* { return units.empty() ? nullptr : &units[dice_() % units.size()]; };
    switch (dice_() % 8) {
    case 0: apply(copy, {put(ids_.next())}); break;
    case 1:
    case 2: push_into_window(); break;
    case 3:
      if (const auto* u = any(); u != nullptr && u->window)
        close(*u);
      break;
    case 4:
    case 5:
      if (const auto* u = any(); u != nullptr && !u->window && !u->state.lease)
        apply(copy, {leased(u->unit, u->state.deliveries + 1, tag_)});
      break;
    case 6:
      if (const auto* u = any(); u != nullptr && u->state.lease && u->state.retries_left > 0)
        apply(copy, {ended(u->unit, u->state.deliveries, u->state.home, u->state.retries_left - 1)});
      break;
    case 7:
      if (const auto* u = any(); u != nullptr && u->state.lease)
        apply(copy, {settled(ids_of(*u))});
      break;
    }
  }

private:
  static std::vector<message_id> ids_of(const held_unit& u) {
    std::vector<message_id> ids;
    if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&u.content))
      for (const auto& p : **parts)
        ids.push_back(p.id);
    else
      ids.push_back(u.unit);
    return ids;
  }

  void push_into_window() {
    auto m = ids_.next();
    if (window_ == message_id{})
      window_ = compound_id(m, tag_);
    apply(copy, {put_into(m, window_)});
  }

  /// Its own under its name, another's under a new one.
  void close(const held_unit& u) {
    auto all = ids_of(u);
    auto name = u.unit == window_ ? window_ : compound_id(all.front(), tag_);
    apply(copy, {closed(name, all)});
    if (u.unit == window_)
      window_ = {};
  }

  home_tag tag_;
  id_source ids_;
  std::mt19937 dice_;
  message_id window_;
};

/// Three homes with something in common, and much that is not.
std::vector<home> apart(unsigned seed) {
  std::vector<home> all;
  for (std::uint32_t tag = 1; tag <= 3; ++tag)
    all.emplace_back(tag, seed);
  std::mt19937 dice{seed};
  for (int i = 0; i < 150; ++i) {
    all[dice() % 3].act();
    if (i < 120 && dice() % 25 == 0) {
      auto a = dice() % 3;
      merge(all[a].copy, all[(a + 1) % 3].copy);
    }
  }
  return all;
}

constexpr unsigned seeds = 300;

} // namespace

CAF_TEST(merging is the same whoever asks) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    auto a = all[0].copy, b = all[1].copy;
    merge(all[0].copy, all[1].copy);
    merge(b, a);
    CAF_REQUIRE(equal(all[0].copy, all[1].copy));
    CAF_REQUIRE(equal(a, b));
    CAF_REQUIRE(equal(a, all[0].copy));
  }
}

CAF_TEST(merging again changes nothing) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    merge(all[0].copy, all[1].copy);
    auto before = all[0].copy;
    CAF_REQUIRE(!merge(all[0].copy, all[1].copy));
    CAF_REQUIRE(!merge(all[1].copy, all[0].copy));
    CAF_REQUIRE(equal(before, all[0].copy));
  }
}

CAF_TEST(in whatever order copies are merged they hold and know the same messages) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto one = apart(seed), other = apart(seed);
    merge(one[0].copy, one[1].copy);
    merge(one[0].copy, one[2].copy);
    merge(other[2].copy, other[1].copy);
    merge(other[0].copy, other[2].copy);
    CAF_REQUIRE(one[0].copy.ids("q") == other[0].copy.ids("q"));
    CAF_REQUIRE(one[0].copy.context() == other[0].copy.context());
  }
}

CAF_TEST(copies that have all been merged are equal) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    std::mt19937 dice{seed};
    std::vector<std::pair<int, int>> pairs{{0, 1}, {1, 2}, {2, 0}};
    for (int round = 0; round < 3; ++round) {
      std::shuffle(pairs.begin(), pairs.end(), dice);
      for (auto [a, b] : pairs)
        merge(all[a].copy, all[b].copy);
    }
    CAF_REQUIRE(equal(all[0].copy, all[1].copy));
    CAF_REQUIRE(equal(all[1].copy, all[2].copy));
  }
}

CAF_TEST(every message that is held is in one unit and can be delivered) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    merge(all[0].copy, all[1].copy);
    merge(all[1].copy, all[2].copy);
    std::vector<message_id> in_units;
    for (const auto& u : all[1].copy.units("q", start)) {
      if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&u.content))
        for (const auto& p : **parts)
          in_units.push_back(p.id);
      else
        in_units.push_back(u.unit);
    }
    std::sort(in_units.begin(), in_units.end());
    CAF_REQUIRE(in_units == all[1].copy.ids("q"));
  }
}

CAF_TEST(what a ghost has brought was delivered as often with the unit that it is in) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto homes = apart(seed);
    merge(homes[0].copy, homes[1].copy);
    merge(homes[1].copy, homes[2].copy);
    auto records = homes[1].copy.records("q", start);
    std::map<message_id, std::uint32_t> deliveries;
    for (const auto& r : records)
      for (auto part : r.parts)
        deliveries[part] = r.state.deliveries;
    for (const auto& r : records)
      for (auto part : r.listed)
        if (!r.window && r.parts.empty() && deliveries[part] < r.state.deliveries)
          CAF_FAIL("seed " << seed);
  }
}

CAF_TEST(what one copy knows as settled no other holds after the merge) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    std::set<message_id> gone;
    for (std::uint64_t tag = 1; tag <= 3; ++tag)
      for (std::uint64_t n = 1; n <= 200; ++n)
        for (const auto& h : all)
          if (message_id m{tag, n}; h.copy.context().contains(m) && !h.copy.holds("q", m))
            gone.insert(m);
    merge(all[0].copy, all[1].copy);
    merge(all[0].copy, all[2].copy);
    for (auto m : gone)
      CAF_REQUIRE(!all[0].copy.holds("q", m));
  }
}

CAF_TEST(a copy that is given all of another in small steps becomes equal to it) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto all = apart(seed);
    const auto& from = all[0].copy;
    replica to;
    replica::change change;
    auto d = to.compare("q", from.records("q", start), from.context(), start, change);
    to.unite(from.context(), d.theirs_to_come);
    auto ids = from.ids("q");
    std::shuffle(ids.begin(), ids.end(), std::mt19937{seed});
    for (auto m : ids) {
      auto moved = from.to_move("q", {m}, start);
      to.take("q", moved.units, moved.messages, start, change);
    }
    CAF_REQUIRE(equal(from, to));
  }
}
