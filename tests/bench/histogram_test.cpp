// The benchmark's histogram: percentiles are never too low, and too high by less than 1/128.
#define CAF_SUITE histogram
#include "tests/bench/load/histogram.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

using lmq::bench::histogram;

CAF_TEST(an empty histogram answers 0) {
  const auto h = std::make_unique<histogram>();
  CAF_CHECK_EQUAL(h->percentile(0.5), 0u);
  CAF_CHECK_EQUAL(h->count(), 0u);
  CAF_CHECK_EQUAL(h->max(), 0u);
}

CAF_TEST(small values are exact) {
  const auto h = std::make_unique<histogram>();
  for (std::uint64_t value = 1; value <= 100; ++value)
    h->record(value);
  CAF_CHECK_EQUAL(h->percentile(0.5), 50u);
  CAF_CHECK_EQUAL(h->percentile(0.99), 99u);
  CAF_CHECK_EQUAL(h->percentile(1.0), 100u);
  CAF_CHECK_EQUAL(h->percentile(0.0), 1u);
}

CAF_TEST(a percentile is at most one class above the value it stands for) {
  std::mt19937_64 random{42};
  std::lognormal_distribution<double> latency{11, 2}; // nanoseconds around 60 microseconds, with a long tail
  const auto h = std::make_unique<histogram>();
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(latency(random)));
    h->record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
    const auto exact = values[rank - 1];
    const auto told = h->percentile(fraction);
    CAF_CHECK_GREATER_OR_EQUAL(told, exact);
    CAF_CHECK_LESS_OR_EQUAL(told - exact, exact / 128 + 1);
  }
}

CAF_TEST(every power of two and its neighbours keep their order) {
  std::uint64_t last = 0;
  for (int bit = 1; bit < 64; ++bit)
    for (const int offset : {-1, 0, 1}) {
      const auto value = (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(offset);
      const auto h = std::make_unique<histogram>();
      h->record(value);
      h->record(
        std::numeric_limits<std::uint64_t>::max()); // so that the maximum doesn't cap the class's edge
      const auto told = h->percentile(0.5);
      CAF_CHECK_GREATER_OR_EQUAL(told, value);
      CAF_CHECK_LESS_OR_EQUAL(told - value, value / 128);
      CAF_CHECK_GREATER_OR_EQUAL(told, last);
      last = told;
    }
}

CAF_TEST(no percentile is above the maximum) {
  const auto h = std::make_unique<histogram>();
  h->record(1'000'001);
  CAF_CHECK_EQUAL(h->percentile(0.5), 1'000'001u);
  CAF_CHECK_EQUAL(h->max(), 1'000'001u);
}

CAF_TEST(merging is as if one had counted all) {
  const auto a = std::make_unique<histogram>();
  const auto b = std::make_unique<histogram>();
  const auto both = std::make_unique<histogram>();
  for (std::uint64_t value = 1; value < 100'000; value += 7) {
    (value % 2 == 0 ? *a : *b).record(value);
    both->record(value);
  }
  a->merge(*b);
  CAF_CHECK_EQUAL(a->count(), both->count());
  CAF_CHECK_EQUAL(a->max(), both->max());
  CAF_CHECK_EQUAL(a->percentile(0.9), both->percentile(0.9));
  CAF_CHECK(std::abs(a->mean() - both->mean()) < 1e-6);
}
