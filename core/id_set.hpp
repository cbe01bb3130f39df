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

  /// O(log intervals)
  /// @returns whether it is new
  bool add(message_id id);

  /// Adds a whole interval; first <= last. O(log intervals), and one for each that becomes part of it
  void add(std::uint64_t incarnation, interval ids);

  /// No effect where it is not in the set. O(log intervals)
  void remove(message_id id);

  /// O(intervals of the other × log)
  void unite(const id_set& other);

  std::size_t intervals() const noexcept;

  /// Those of one incarnation, in order. O(its intervals)
  std::vector<interval> of(std::uint64_t incarnation) const;

  /// All of it, in order. O(intervals)
  std::map<std::uint64_t, std::vector<interval>> by_incarnation() const;

  friend bool operator==(const id_set&, const id_set&) = default;

private:
  /// By their first; none touches the next.
  using intervals_of_one = std::map<std::uint64_t, std::uint64_t>;

  static void add(intervals_of_one& all, intervals_of_one::iterator it, interval ids);

  std::map<std::uint64_t, intervals_of_one> ids_; ///< none is empty
};

} // namespace lmq
