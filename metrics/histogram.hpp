// Counts by size: how long something took, how large it was. Plain words, so that it can be published whole.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace lmq {

/// @tparam Bounds  has `static constexpr std::array<double, n> upper`, ascending: what is no greater than
///                 upper[k] and greater than upper[k - 1] is counted in bucket k, what is beyond in the last
template <class Bounds>
struct histogram {
  static constexpr std::size_t buckets = Bounds::upper.size() + 1;

  std::array<std::uint64_t, buckets> counts{};
  double sum = 0;

  /// Cost: O(buckets)
  void add(double value) noexcept {
    auto k = std::lower_bound(Bounds::upper.begin(), Bounds::upper.end(), value) - Bounds::upper.begin();
    ++counts[static_cast<std::size_t>(k)];
    sum += value;
  }

  std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (auto one : counts)
      n += one;
    return n;
  }

  histogram& operator+=(const histogram& other) noexcept {
    for (std::size_t k = 0; k < buckets; ++k)
      counts[k] += other.counts[k];
    sum += other.sum;
    return *this;
  }
};

/// Seconds from ready to delivered.
struct retention_bounds {
  static constexpr std::array upper{0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0};
};

/// Seconds of a write to the disk with its sync.
struct sync_bounds {
  static constexpr std::array upper{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0};
};

/// Steps that one sync has made safe.
struct batch_bounds {
  static constexpr std::array upper{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0};
};

} // namespace lmq
