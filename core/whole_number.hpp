// Floating numbers that are whole.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace lmq {

/// Up to here a double tells each whole number from the next.
inline constexpr std::uint64_t whole_double_max = std::uint64_t{1} << 53;

/// @param most  beyond `whole_double_max` it is that
/// Nothing: it has a fraction, is below 0, beyond `most`, or no number.
inline std::optional<std::uint64_t> whole_number(double number, std::uint64_t most) noexcept {
  if (!(number >= 0) || number > static_cast<double>(most < whole_double_max ? most : whole_double_max) ||
      std::trunc(number) != number)
    return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

} // namespace lmq
