#include "storage/space_rules.hpp"

#include <algorithm>

namespace lmq {

namespace {

/// What is left of the disk when the ballast goes, as a share of the ballast: one in so many.
constexpr std::uint64_t low_water_share = 4;

} // namespace

bool space_rules::needs_ballast(const space_figures& there, std::uint64_t more) noexcept {
  return there.ballast_taken && there.free < more + there.unflushed + there.ballast / low_water_share;
}

space_orders space_rules::look(const space_figures& there, time_point now) {
  const bool was_short = shortage_ != shortage::none;
  auto tenth = [&](std::uint64_t of) { return was_short ? of / 10 : 0; };
  const auto missing = there.ballast_taken ? 0 : there.ballast;
  const auto kept = there.unflushed + there.merging + missing;
  const bool no_room = there.free < limits_.reserve + tenth(limits_.reserve) + kept;
  const bool too_large = limits_.used_max && there.used > *limits_.used_max - tenth(*limits_.used_max);
  shortage_ = no_room ? shortage::reserve : too_large ? shortage::limit : shortage::none;

  room_ = shortage_ == shortage::none ? there.free - limits_.reserve - kept : 0;
  if (shortage_ == shortage::none && limits_.used_max)
    room_ = std::min(room_, *limits_.used_max - there.used);

  moves_pass_ = there.free >= limits_.reserve / 2 + kept &&
                (!limits_.used_max || there.used <= *limits_.used_max + *limits_.used_max / 10);

  space_orders orders;
  orders.give_ballast_back = needs_ballast(there, 0);
  orders.take_ballast = !no_room && missing > 0;
  const auto room = there.free + (orders.give_ballast_back ? there.ballast : 0);
  if (there.merges_stopped && room >= there.unflushed + there.ballast / low_water_share &&
      (!resumed_at_ || now - *resumed_at_ >= between_resumes)) {
    orders.resume_merges = true;
    resumed_at_ = now;
  }
  if (shortage_ == shortage::none) {
    flushed_at_.reset();
    return orders;
  }
  const bool useful = !flushed_at_ || (there.deletions_unflushed && !there.merges_wait &&
                                       now - *flushed_at_ >= between_flushes);
  if (useful && room >= there.unflushed) {
    orders.flush = true;
    flushed_at_ = now;
  }
  return orders;
}

} // namespace lmq
