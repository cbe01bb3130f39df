// Reading a histogram: percentiles, and the sum of two.
#include "tests/bench/load/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace lmq::bench {

std::uint64_t histogram::highest_of(std::size_t index) noexcept {
  if (index < linear)
    return index;
  const auto shift = index / linear - 1;
  const auto base = linear + index % linear;
  return (base << shift) + ((std::uint64_t{1} << shift) - 1);
}

std::uint64_t histogram::percentile(double fraction) const noexcept {
  if (count_ == 0)
    return 0;
  const auto share = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    seen += counts_[i];
    if (seen >= wanted)
      return std::min(highest_of(i), max_);
  }
  return max_;
}

void histogram::merge(const histogram& other) noexcept {
  for (std::size_t i = 0; i < classes; ++i)
    counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

} // namespace lmq::bench
