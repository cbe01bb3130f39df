// Names, properties and rules: the last writer wins, whatever order its words come in.
#define CAF_SUITE metadata

#include "cluster/metadata.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

property_set retry_of(std::uint32_t n) {
  property_set p;
  p.retry = n;
  return p;
}

property_set timeout_of(std::chrono::milliseconds t) {
  property_set p;
  p.timeout = t;
  return p;
}

} // namespace

CAF_TEST(changes give the same in whatever order they come and however often) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 dice{seed};
    std::vector<metadata_change> changes;
    metadata writers[3];
    hybrid_clock clock;
    for (int i = 0; i < 30; ++i) {
      auto who = dice() % 3;
      stamp at{clock.next(1000 + i), who + 1};
      std::string queue = dice() % 2 == 0 ? "a" : "b";
      std::optional<metadata_change> change;
      switch (dice() % 5) {
      case 0: change = writers[who].open(queue, at); break;
      case 1: change = writers[who].remove(queue, at); break;
      case 2:
        change = writers[who].patch(queue, dice() % 2 ? retry_of(dice() % 9) : timeout_of(1s), at);
        break;
      case 3: change = writers[who].reset(queue, at); break;
      case 4: change = writers[who].set_rules({{"x" + std::to_string(dice() % 9), retry_of(1)}}, at); break;
      }
      if (change)
        changes.push_back(*change);
      if (!changes.empty() && dice() % 3 == 0)
        writers[dice() % 3].merge(changes[dice() % changes.size()]);
    }
    metadata one, other;
    for (const auto& c : changes)
      one.merge(c);
    std::shuffle(changes.begin(), changes.end(), dice);
    auto twice = changes;
    changes.insert(changes.end(), twice.begin(), twice.end());
    for (const auto& c : changes)
      other.merge(c);
    CAF_REQUIRE(one == other);
    CAF_REQUIRE_EQUAL(one.digest(), other.digest());
    metadata told;
    for (const auto& c : other.all())
      told.merge(c);
    CAF_REQUIRE(told == one);
  }
}

CAF_TEST(keys are written one by one) {
  metadata a, b;
  auto first = a.patch("q", retry_of(3), {10, 1});
  auto second = b.patch("q", timeout_of(5s), {20, 2});
  a.merge(second);
  b.merge(first);
  CAF_CHECK(a == b);
  CAF_CHECK_EQUAL(*a.find("q")->own.retry, 3u);
  CAF_CHECK(*a.find("q")->own.timeout == 5s);
}

CAF_TEST(of two writes at the same instant that of the greater writer counts) {
  metadata a, b;
  auto first = a.patch("q", retry_of(3), {10, 1});
  auto second = b.patch("q", retry_of(4), {10, 2});
  CAF_CHECK(a.merge(second));
  CAF_CHECK(!b.merge(first));
  CAF_CHECK(a == b);
}

CAF_TEST(an older word does not bring a deleted queue back and a newer one does) {
  metadata a;
  auto opened = a.open("q", {10, 1});
  a.remove("q", {20, 1});
  CAF_CHECK(!a.merge(*opened));
  CAF_CHECK(!a.contains("q"));
  metadata b;
  CAF_CHECK(a.merge(*b.open("q", {30, 2})));
  CAF_CHECK(a.contains("q"));
}

CAF_TEST(a queue that is deleted loses its properties) {
  metadata a;
  a.patch("q", retry_of(3), {10, 1});
  a.remove("q", {20, 1});
  a.open("q", {30, 1});
  CAF_CHECK(!a.find("q")->own.retry);
}

CAF_TEST(what is so already is not told) {
  metadata a;
  CAF_CHECK(a.open("q", {10, 1}).has_value());
  CAF_CHECK(!a.open("q", {20, 1}).has_value());
  CAF_CHECK(!a.remove("other", {20, 1}).has_value());
}

CAF_TEST(deleted names are remembered up to a limit and the oldest go first) {
  metadata a;
  auto most = metadata::deleted_max + metadata::deleted_max / 8 + 10;
  for (std::uint64_t n = 1; n <= most; ++n) {
    a.open(std::to_string(n), {2 * n, 1});
    a.remove(std::to_string(n), {2 * n + 1, 1});
  }
  CAF_CHECK(a.queues().size() <= metadata::deleted_max + metadata::deleted_max / 8);
  CAF_CHECK(a.find(std::to_string(most)) != nullptr);
  CAF_CHECK(a.find("1") == nullptr);
}

CAF_TEST(the clock is later than all it has heard of and than itself) {
  hybrid_clock clock;
  auto first = clock.next(1000);
  CAF_CHECK(clock.next(1000) > first);
  CAF_CHECK(clock.next(900) > first);
  hybrid_clock ahead;
  auto theirs = ahead.next(31'000);
  CAF_CHECK(clock.heard(theirs, 1000));
  CAF_CHECK(clock.next(1001) > theirs);
}

CAF_TEST(a clock that is too far ahead is refused and changes nothing) {
  hybrid_clock clock, ahead;
  auto last = clock.next(1000);
  CAF_CHECK(!clock.heard(ahead.next(1000 + 60'001), 1000));
  CAF_CHECK_EQUAL(clock.last(), last);
  CAF_CHECK(clock.heard(ahead.next(1000 + 59'999) & ~std::uint64_t{0xffff}, 1000) == false);
  hybrid_clock within;
  CAF_CHECK(clock.heard(within.next(1000 + 60'000), 1000));
}
