// Reading whole numbers of JSON, which knows no others than numbers.
#pragma once

#include "core/whole_number.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>

namespace lmq {

/// From 0 to `most`, however it is written: `3`, `3.0` and `3e0` are the same number. Nothing: it is none of
/// these.
inline std::optional<std::uint64_t> json_whole_number(const nlohmann::json& value, std::uint64_t most) {
  if (value.is_number_float())
    return whole_number(value.get<double>(), most);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    return std::nullopt;
  return value.get<std::uint64_t>();
}

} // namespace lmq
