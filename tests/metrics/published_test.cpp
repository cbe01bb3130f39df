// A value that is read while it is written is always one that was written.
#define CAF_SUITE published

#include "metrics/published.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace lmq;

namespace {

struct words {
  std::array<std::uint64_t, 30> all{};
};

} // namespace

CAF_TEST(what was never set is zero and what was set is read) {
  published<words> p;
  CAF_CHECK(p.get().all[29] == 0);
  words w;
  w.all.fill(7);
  p.set(w);
  CAF_CHECK(p.get().all == w.all);
}

CAF_TEST(readers never see half of a value nor an older one than before) {
  constexpr std::uint64_t last = 200'000;
  published<words> p;
  std::atomic<unsigned> broken = 0;
  auto read = [&] {
    for (std::uint64_t before = 0; before < last;) {
      auto seen = p.get();
      auto first = seen.all.front();
      if (std::any_of(seen.all.begin(), seen.all.end(), [&](auto x) { return x != first; }) || first < before)
        ++broken;
      before = first;
    }
  };
  std::thread one{read}, two{read};
  words w;
  for (std::uint64_t i = 1; i <= last; ++i) {
    w.all.fill(i);
    p.set(w);
  }
  one.join();
  two.join();
  CAF_CHECK_EQUAL(broken.load(), 0u);
}
