#define CAF_SUITE distribution

#include "actors/stats/distribution.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <utility>

namespace {

using lmq::describe;
using lmq::retention_report;

bool near(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max({std::abs(a), std::abs(b), 1.0});
}

std::vector<double> figures(const retention_report& r) {
  return {r.min,      r.max,      r.arithmetic_mean,    r.geometric_mean, r.harmonic_mean, r.median, r.p50,
          r.variance, r.skewness, r.standard_deviation, r.kurtosis,       r.p75,           r.p90,    r.p95,
          r.p99,      r.p999};
}

// The promises about every report, whatever the samples.
bool sound(const std::vector<float>& samples, const retention_report& r) {
  const auto all = figures(r);
  if (!std::all_of(all.begin(), all.end(), [](double x) { return std::isfinite(x); }))
    return false;
  if (r.n != samples.size() || r.histogram.size() > lmq::histogram_bins_max)
    return false;
  if (r.harmonic_mean > r.geometric_mean || r.geometric_mean > r.arithmetic_mean)
    return false;
  const double percentiles[] = {r.min, r.p50, r.p75, r.p90, r.p95, r.p99, r.p999, r.max};
  if (!std::is_sorted(std::begin(percentiles), std::end(percentiles)))
    return false;
  auto below = -std::numeric_limits<double>::infinity();
  for (const auto& bin : r.histogram) {
    const auto in_bin = [&](double x) { return x > below && x <= bin.upper; };
    if (bin.upper <= below)
      return false;
    if (static_cast<std::uint64_t>(std::count_if(samples.begin(), samples.end(), in_bin)) != bin.count)
      return false;
    below = bin.upper;
  }
  return samples.empty() ? r.histogram.empty() : r.histogram.front().count > 0 && below >= r.max;
}

} // namespace

CAF_TEST(without samples all is 0 and the histogram empty) {
  const auto r = describe({});
  const auto all = figures(r);
  CAF_CHECK_EQUAL(r.n, 0u);
  CAF_CHECK_EQUAL(std::count(all.begin(), all.end(), 0.0), std::ssize(all));
  CAF_CHECK(r.histogram.empty());
}

CAF_TEST(one sample is its own distribution) {
  const auto r = describe({0.25f});
  CAF_CHECK_EQUAL(r.n, 1u);
  for (const double x : {r.min, r.max, r.arithmetic_mean, r.median, r.p50, r.p999})
    CAF_CHECK_EQUAL(x, 0.25);
  CAF_CHECK(near(r.geometric_mean, 0.25));
  CAF_CHECK(near(r.harmonic_mean, 0.25));
  for (const double x : {r.variance, r.standard_deviation, r.skewness, r.kurtosis})
    CAF_CHECK_EQUAL(x, 0.0);
  CAF_REQUIRE_EQUAL(r.histogram.size(), 1u);
  CAF_CHECK_EQUAL(r.histogram[0].upper, 0.25);
  CAF_CHECK_EQUAL(r.histogram[0].count, 1u);
}

CAF_TEST(figures of five samples are those worked out by hand) {
  const auto r = describe({8, 1, 2, 4, 1});
  CAF_CHECK_EQUAL(r.arithmetic_mean, 3.2);
  CAF_CHECK(near(r.geometric_mean, std::pow(64.0, 0.2)));
  CAF_CHECK(near(r.harmonic_mean, 5 / (1 + 1 + 0.5 + 0.25 + 0.125)));
  // Differences -2.2 -2.2 -1.2 0.8 4.8: squares 34.8, cubes 88.08, fourth powers 580.176 in all.
  CAF_CHECK(near(r.variance, 34.8 / 4));
  CAF_CHECK(near(r.standard_deviation, std::sqrt(8.7)));
  CAF_CHECK(near(r.skewness, 88.08 / 5 / std::pow(8.7, 1.5)));
  CAF_CHECK(near(r.kurtosis, 580.176 / 5 / (8.7 * 8.7) - 3));
  CAF_CHECK_EQUAL(r.median, 2.0);
  CAF_CHECK_EQUAL(r.p75, 4.0); // rank round(3.75)
  CAF_CHECK_EQUAL(r.p99, 8.0);
}

CAF_TEST(percentiles of 1 to 1000 are the samples at their ranks) {
  std::vector<float> samples(1000);
  std::iota(samples.begin(), samples.end(), 1.0f);
  std::shuffle(samples.begin(), samples.end(), std::mt19937{7});
  const auto r = describe(samples);
  CAF_CHECK_EQUAL(r.min, 1.0);
  CAF_CHECK_EQUAL(r.median, 500.0);
  CAF_CHECK_EQUAL(r.p50, 500.0);
  CAF_CHECK_EQUAL(r.p75, 750.0);
  CAF_CHECK_EQUAL(r.p90, 900.0);
  CAF_CHECK_EQUAL(r.p95, 950.0);
  CAF_CHECK_EQUAL(r.p99, 990.0);
  CAF_CHECK_EQUAL(r.p999, 999.0);
  CAF_CHECK_EQUAL(r.max, 1000.0);
}

CAF_TEST(waits of zero leave every figure finite) {
  CAF_CHECK(sound({0}, describe({0})));
  CAF_CHECK(sound({0, 0, 0}, describe({0, 0, 0})));
  CAF_CHECK_EQUAL(describe({0, 0, 0}).geometric_mean, 0.0);
  CAF_CHECK_EQUAL(describe({0, 0, 0}).harmonic_mean, 0.0);
  const auto r = describe({0, 1});
  CAF_CHECK(near(r.geometric_mean, 1e-3)); // of 1 µs and 1 s
  CAF_CHECK(near(r.harmonic_mean, 2 / (1e6 + 1)));
  CAF_CHECK(sound({0, 1}, r));
}

CAF_TEST(equal samples have no shape whatever their sum rounds to) {
  for (const std::size_t n : {2, 3, 7, 1000, 1536}) {
    const auto r = describe(std::vector<float>(n, 0.1f));
    CAF_CHECK_EQUAL(r.variance, 0.0);
    CAF_CHECK_EQUAL(r.skewness, 0.0);
    CAF_CHECK_EQUAL(r.kurtosis, 0.0);
    CAF_CHECK_EQUAL(r.histogram.size(), 1u);
  }
}

CAF_TEST(a histogram has round bins that hold every sample once) {
  std::vector<float> samples(1000);
  for (int i = 0; i < 1000; ++i)
    samples[static_cast<std::size_t>(i)] = static_cast<float>(i + 1) / 1000; // 0.001 to 1
  // Scott: 3.5 * 0.2888 / 10 = 0.101, rounded up to 0.2.
  const auto r = describe(samples);
  CAF_REQUIRE_EQUAL(r.histogram.size(), 5u);
  const double uppers[] = {0.2, 0.4, 0.6, 0.8, 1.0};
  for (std::size_t i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(r.histogram[i].upper, uppers[i]);
  CAF_CHECK(sound(samples, r));
}

CAF_TEST(the width of bins is a 1 or 2 or 5 with zeros) {
  // Two samples: 3.5 * d / sqrt(2) / cbrt(2) = 1.964 * d, with d between them.
  const std::pair<float, double> expected[] = {{0.0005f, 0.001}, {0.5f, 1}, {0.9f, 2},
                                               {2, 5},           {3, 10},   {2000, 5000}};
  for (const auto& [greatest, width] : expected) {
    const auto r = describe({0, greatest});
    CAF_REQUIRE_EQUAL(r.histogram.size(), 2u);
    CAF_CHECK_EQUAL(r.histogram[0].upper, 0.0);
    CAF_CHECK_EQUAL(r.histogram[1].upper, width);
  }
}

CAF_TEST(one far sample does not make more bins than the limit) {
  std::vector<float> samples(1500, 0.001f);
  samples.push_back(100'000);
  CAF_CHECK(sound(samples, describe(samples)));
}

CAF_TEST(the smallest and the greatest floats are borne) {
  const std::vector<float> samples{std::numeric_limits<float>::denorm_min(), 0, 9.3e9f, 1e-30f};
  CAF_CHECK(sound(samples, describe(samples)));
  const std::vector<float> tiny{0, std::numeric_limits<float>::denorm_min()};
  CAF_CHECK(sound(tiny, describe(tiny)));
  const std::vector<float> close{1e6f, std::nextafter(1e6f, 2e6f)};
  CAF_CHECK(sound(close, describe(close)));
}

CAF_TEST(random samples of all shapes keep the promises) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random{seed};
    std::vector<float> samples(1 + random() % 1536);
    std::lognormal_distribution<float> skewed(-5, static_cast<float>(random() % 6));
    const auto shape = random() % 4;
    const auto offset = static_cast<float>(random() % 100'000);
    for (auto& x : samples)
      switch (shape) {
      case 0: x = skewed(random); break;
      case 1: x = static_cast<float>(random() % 5); break;
      case 2: x = random() % 2 ? 0 : skewed(random); break;
      case 3: x = offset + static_cast<float>(random() % 1000) / 100; break;
      }
    const bool kept = sound(samples, describe(samples));
    if (!kept)
      CAF_ERROR("seed " << seed);
    CAF_CHECK(kept);
  }
}
