// Counts latencies in logarithmic classes, so that a percentile costs no list of samples.
// Holds one counter a class; owned by whoever measures; one thread at a time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lmq::bench {

/// Log-linear histogram: exact below 128, then 128 classes for each doubling.
///
/// Error: a percentile is too high by less than 1/128 (0.8 %), never too low.
/// Units: whatever is recorded; the benchmark records nanoseconds.
class histogram {
public:
  /// Counts one value. Cost: O(1), no allocation.
  void record(std::uint64_t value) noexcept {
    ++counts_[class_of(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    if (value > max_)
      max_ = value;
  }

  /// The smallest class edge below which a share of at least `fraction` of the values lies; 0 if empty.
  ///
  /// @param fraction  0 … 1, e.g. 0.99
  /// Cost: O(classes)
  std::uint64_t percentile(double fraction) const noexcept;

  /// Adds all that the other has counted.
  void merge(const histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

private:
  static constexpr unsigned precision_bits = 7;
  static constexpr std::uint64_t linear = std::uint64_t{1} << precision_bits;
  static constexpr std::size_t classes = (64 - precision_bits + 1) * linear;

  static std::size_t class_of(std::uint64_t value) noexcept {
    if (value < linear)
      return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - precision_bits - 1;
    return static_cast<std::size_t>((shift + 1) * linear + ((value >> shift) - linear));
  }
  static std::uint64_t highest_of(std::size_t index) noexcept;

  std::array<std::uint64_t, classes> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

} // namespace lmq::bench
