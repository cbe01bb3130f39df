#include "actors/stats/distribution.hpp"

#include <algorithm>
#include <cmath>

namespace lmq {

namespace {

using samples_type = std::vector<float>; // in ascending order

// For p of half and more, where the rank is 1 at least.
double at_rank(const samples_type& sorted, double p) {
  const auto rank = std::lround(p * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(rank) - 1];
}

void describe_means(const samples_type& sorted, retention_report& out) {
  const auto n = static_cast<double>(sorted.size());
  double sum = 0, logarithms = 0, reciprocals = 0;
  for (double x : sorted) {
    sum += x;
    x = std::max(x, least_wait_seconds);
    logarithms += std::log(x);
    reciprocals += 1 / x;
  }
  out.arithmetic_mean = sum / n;
  out.geometric_mean = std::min(std::exp(logarithms / n), out.arithmetic_mean);
  out.harmonic_mean = std::min(n / reciprocals, out.geometric_mean);
}

void describe_shape(const samples_type& sorted, retention_report& out) {
  // Of equal samples the rounded mean may differ, and would make a shape of nothing.
  if (sorted.front() == sorted.back())
    return;
  const auto n = static_cast<double>(sorted.size());
  double second = 0, third = 0, fourth = 0;
  for (const double x : sorted) {
    const double d = x - out.arithmetic_mean;
    second += d * d;
    third += d * d * d;
    fourth += d * d * d * d;
  }
  out.variance = second / (n - 1);
  out.standard_deviation = std::sqrt(out.variance);
  out.skewness = third / n / (out.variance * out.standard_deviation);
  out.kurtosis = fourth / n / (out.variance * out.variance) - 3;
}

// A width that reads well, digit * 10^exponent. Its multiples are made with one rounding, so that 3 * 0.1
// prints as 0.3.
struct round_width {
  int digit;
  int exponent;

  double times(double k) const {
    const double power = std::pow(10.0, std::abs(exponent));
    return exponent < 0 ? k * digit / power : k * digit * power;
  }
};

round_width at_least(double width) {
  for (int exponent = static_cast<int>(std::floor(std::log10(width)));; ++exponent)
    for (const int digit : {1, 2, 5})
      if (const round_width round{digit, exponent}; round.times(1) >= width)
        return round;
}

std::vector<retention_report::bin> bins_of(const samples_type& sorted, double standard_deviation) {
  const double min = sorted.front();
  const double max = sorted.back();
  if (min == max)
    return {{.upper = max, .count = sorted.size()}};
  const double scott = 3.5 * standard_deviation / std::cbrt(static_cast<double>(sorted.size()));
  // Both ends may fall into a bin that they do not fill: two more bins than the range has widths.
  const auto width = at_least(std::max(scott, (max - min) / (histogram_bins_max - 2)));
  std::vector<retention_report::bin> bins;
  auto next = sorted.begin();
  for (double k = std::ceil(min / width.times(1)); next != sorted.end(); ++k) {
    const double upper = width.times(k);
    const auto end = std::upper_bound(next, sorted.end(), upper);
    bins.push_back({.upper = upper, .count = static_cast<std::uint64_t>(end - next)});
    next = end;
  }
  return bins;
}

} // namespace

retention_report describe(std::vector<float> samples) {
  retention_report out;
  if (samples.empty())
    return out;
  std::sort(samples.begin(), samples.end());
  out.n = samples.size();
  out.min = samples.front();
  out.max = samples.back();
  describe_means(samples, out);
  describe_shape(samples, out);
  out.p50 = at_rank(samples, 0.5);
  out.p75 = at_rank(samples, 0.75);
  out.p90 = at_rank(samples, 0.9);
  out.p95 = at_rank(samples, 0.95);
  out.p99 = at_rank(samples, 0.99);
  out.p999 = at_rank(samples, 0.999);
  out.median = out.p50;
  out.histogram = bins_of(samples, out.standard_deviation);
  return out;
}

} // namespace lmq
