// When pushes are refused because space is short, and what is done so that it comes back.
//
// Space that drained messages took comes back when deletions have been flushed and merged, and both take
// space before they give some: as much as is not flushed yet, as much as is merged at a time. So that much is
// kept beside the reserve, and the ballast is given back before what a flush takes is touched. A machine: no
// clock, no disk. Of whoever looks, one thread at a time.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>

namespace lmq {

/// Units: bytes
struct space_limits {
  std::uint64_t reserve = 0;             ///< free space below which pushes are refused
  std::optional<std::uint64_t> used_max; ///< by the directory
};

/// Units: bytes
struct space_figures {
  std::uint64_t free = 0;
  std::uint64_t used = 0;      ///< by the directory; asked for only where there is a limit
  std::uint64_t unflushed = 0; ///< what the next flushes may take at most
  std::uint64_t merging = 0;   ///< what the next merge of tables may take at most
  std::uint64_t ballast = 0;   ///< its size; 0: there is none
  bool ballast_taken = false;
  bool deletions_unflushed = false; ///< a flush will bring space back
  bool merges_wait = false;         ///< there are so many tables to merge that one more does not help
  bool merges_stopped = false;      ///< one has found no room
};

enum class shortage : std::uint8_t { none, reserve, limit };

/// To be carried out in this order.
struct space_orders {
  bool give_ballast_back = false;
  bool take_ballast = false;
  bool flush = false;
  bool resume_merges = false;
};

class space_rules {
public:
  static constexpr duration between_flushes = std::chrono::seconds{1}; ///< where space is short
  static constexpr duration between_resumes = std::chrono::seconds{1};

  explicit space_rules(space_limits limits) : limits_(limits) {}

  /// Decides anew; `shortage_now` says what came of it. Pushes are taken again a tenth away from where they
  /// are refused.
  space_orders look(const space_figures& there, time_point now);

  shortage shortage_now() const noexcept { return shortage_; }

  /// Whether a message may still be moved from queue to queue, which takes room before it gives it back: down
  /// to half of the reserve, and a tenth beyond the directory's limit.
  bool moves_pass() const noexcept { return moves_pass_; }

  /// What may be written until the next look, beside all that must be kept free. 0 where pushes are refused.
  std::uint64_t room() const noexcept { return room_; }

  /// Whether the ballast must go before `more` is written.
  static bool needs_ballast(const space_figures& there, std::uint64_t more) noexcept;

private:
  space_limits limits_;
  shortage shortage_ = shortage::none;
  bool moves_pass_ = true;
  std::uint64_t room_ = 0;
  std::optional<time_point> flushed_at_; ///< since space is short
  std::optional<time_point> resumed_at_;
};

} // namespace lmq
