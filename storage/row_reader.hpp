// Makes a state out of rows, one after the other in the order of their keys.
//
// Plain object, of whoever reads a directory. After a refusal it is of no use.
#pragma once

#include "storage/recovery.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>

namespace lmq {

class row_reader {
public:
  /// Why rows can't be read, and whether a newer program could.
  struct refusal {
    format::flaw why = format::flaw::malformed;
    std::string what;
  };

  explicit row_reader(std::uint64_t wall_ms, std::size_t body_bytes_max = SIZE_MAX) noexcept
      : wall_ms_(wall_ms), body_bytes_left_(body_bytes_max) {}

  tl::expected<void, refusal> take(std::string_view key, std::string_view value);

  bool has_seen_none() const noexcept { return !any_; }

  /// All rows were taken: checks what they say of each other.
  tl::expected<recovered, refusal> finish();

private:
  using outcome = tl::expected<void, refusal>;

  outcome take_message(std::string_view key, std::string_view value);
  outcome take_unit(std::string_view key, std::string_view value);
  outcome take_context(std::string_view key, std::string_view value);
  outcome take_queue(std::string_view key, std::string_view value);
  void drop_left_over_units(std::uint32_t id, stored_queue& of);
  stored_queue& queue(std::uint32_t id);

  std::uint64_t wall_ms_;
  std::size_t body_bytes_left_; ///< messages that do not fit come as away
  recovered out_;
  bool any_ = false;
  bool has_mark_ = false;
  bool has_next_queue_ = false;
  std::unordered_map<std::uint32_t, stored_queue> by_id_;
  std::unordered_map<std::uint32_t, std::string> names_;
  std::optional<std::uint32_t> latest_id_; ///< rows of one queue lie beside each other
  stored_queue* latest_ = nullptr;
};

} // namespace lmq
