// A set of message ids, kept as intervals: ids of one incarnation are dense, so millions of them are a few
// numbers.
//
// A node's *context* is one: every message that it ever held or saw settled. Plain value.
#pragma once

#include "core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace lmq {

class id_set {
public:
  /// Counters from `first` to `last`, both included.
  struct interval {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend bool operator==(const interval&, const interval&) = default;
  };

  /// O(log intervals)
  bool contains(message_id id) const noexcept;

  /// O(log intervals) where ids come nearly in order, O(intervals of the incarnation) at worst.
  /// @returns whether it is new
  bool add(message_id id);

  /// Adds a whole interval; first <= last.
  void add(std::uint64_t incarnation, interval ids);

  /// As add. No effect where it is not in the set.
  void remove(message_id id);

  /// O(intervals of both)
  void unite(const id_set& other);

  std::size_t intervals() const noexcept;
  const std::map<std::uint64_t, std::vector<interval>>& by_incarnation() const noexcept { return ids_; }

  friend bool operator==(const id_set&, const id_set&) = default;

private:
  std::map<std::uint64_t, std::vector<interval>> ids_; ///< in order, none touching the next; no empty vector
};

} // namespace lmq
