// How far the deliveries of a unit have come, as one copy of its queue knows it. Plain value.
#pragma once

#include "core/fact.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace lmq {

struct progress {
  std::uint32_t deliveries = 0; ///< begun so far
  std::uint32_t retries_left = 0;
  home_tag home{}; ///< who made the latest delivery
  bool exhausted = false;
  bool leased = false;
  time_point lease_end{};    ///< while leased
  std::uint64_t place = 0;   ///< among those that are ready, in this copy; 0: none yet
  std::uint64_t came_at = 0; ///< its place when it was leased, to come back to

  /// More deliveries, then ended over leased, then the greater tag. Two that are the same delivery differ in
  /// nothing but their ends.
  bool is_further_than(const progress& other) const {
    auto rank = [](const progress& p) { return std::tuple{p.deliveries, !p.leased, p.home}; };
    return rank(*this) > rank(other);
  }

  bool is_same_delivery(const progress& other) const {
    return deliveries == other.deliveries && home == other.home;
  }

  static progress from(const delivery_state& s, time_point now) {
    progress p;
    p.deliveries = s.deliveries;
    p.retries_left = s.retries_left;
    p.home = s.home;
    p.exhausted = s.exhausted;
    p.leased = s.lease.has_value();
    if (s.lease)
      p.lease_end = now + *s.lease;
    return p;
  }

  delivery_state to_state(time_point now) const {
    delivery_state s{deliveries, retries_left, exhausted, home, std::nullopt};
    if (leased)
      s.lease = std::max(duration::zero(), lease_end - now);
    return s;
  }
};

} // namespace lmq
