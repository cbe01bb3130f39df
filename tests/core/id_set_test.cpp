#define CAF_SUITE id_set

#include "core/id_set.hpp"

#include <caf/test/unit_test.hpp>

#include <random>
#include <set>

using namespace lmq;

namespace {

message_id id(std::uint64_t counter, std::uint64_t incarnation = 1) {
  return {incarnation, counter};
}

} // namespace

CAF_TEST(ids that come in order are one interval) {
  id_set s;
  for (std::uint64_t n = 1; n <= 100'000; ++n)
    CAF_REQUIRE(s.add(id(n)));
  CAF_CHECK_EQUAL(s.intervals(), 1u);
  CAF_CHECK(!s.add(id(70'000)));
  CAF_CHECK(!s.contains(id(100'001)));
  CAF_CHECK(!s.contains(id(5, 2)));
}

CAF_TEST(an id that was removed is not in it any more) {
  id_set s;
  s.add(1, {1, 10});
  s.remove(id(5));
  CAF_CHECK(!s.contains(id(5)));
  CAF_CHECK(s.contains(id(4)) && s.contains(id(6)));
  CAF_CHECK_EQUAL(s.intervals(), 2u);
  s.add(id(5));
  CAF_CHECK_EQUAL(s.intervals(), 1u);
}

CAF_TEST(it holds what a plain set holds whatever is done) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 dice{seed};
    auto roll = [&](std::uint64_t sides) { return dice() % sides; };
    id_set sets[2];
    std::set<message_id> plain[2];
    for (int step = 0; step < 300; ++step) {
      auto which = roll(2);
      auto x = id(1 + roll(40), 1 + roll(2));
      switch (roll(5)) {
      case 0:
        sets[which].remove(x);
        plain[which].erase(x);
        break;
      case 1: {
        auto last = x.counter + roll(6);
        sets[which].add(x.incarnation, {x.counter, last});
        for (auto c = x.counter; c <= last; ++c)
          plain[which].insert(id(c, x.incarnation));
        break;
      }
      case 2:
        if (roll(20) == 0) {
          sets[which].unite(sets[1 - which]);
          plain[which].insert(plain[1 - which].begin(), plain[1 - which].end());
        }
        break;
      default: CAF_REQUIRE_EQUAL(sets[which].add(x), plain[which].insert(x).second);
      }
    }
    for (int which : {0, 1}) {
      std::size_t gaps = 0; // an interval ends where the next id is missing
      for (std::uint64_t incarnation : {1, 2})
        for (std::uint64_t c = 0; c < 60; ++c) {
          CAF_REQUIRE_EQUAL(sets[which].contains(id(c, incarnation)),
                            plain[which].contains(id(c, incarnation)));
          gaps += plain[which].contains(id(c, incarnation)) && !plain[which].contains(id(c + 1, incarnation));
        }
      CAF_REQUIRE_EQUAL(sets[which].intervals(), gaps);
    }
  }
}
