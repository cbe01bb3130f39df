// What a cluster knows beside messages: which queues there are, their own properties, and the rules.
//
// Any node may change any of it; the last writer wins, key by key, by a hybrid logical clock and then by the
// writer's incarnation. So all nodes that have heard of the same changes know the same, in whatever order
// they came. Plain: no actor. Owned by the node machine, or by a test.
#pragma once

#include "core/properties.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lmq {

/// When, and by whom, something was written.
struct stamp {
  std::uint64_t clock = 0; ///< 0: never
  std::uint64_t writer = 0;

  friend auto operator<=>(const stamp&, const stamp&) = default;
};

/// All that is known of a queue but its messages.
struct queue_metadata {
  bool exists = false;
  stamp of_existence;
  property_set own;
  /// Of accum, retry, timeout, hooks, max_messages, max_bytes, paused, dead_letter.
  std::array<stamp, 8> of_own{};

  friend bool operator==(const queue_metadata&, const queue_metadata&) = default;
};

/// The whole of what is known of one queue, or all rules.
struct metadata_change {
  std::string queue; ///< empty: the rules
  queue_metadata of_queue;
  std::vector<rule> rules;
  stamp of_rules;
};

/// Time that goes on with the wall clock where that goes forward, and is never behind what was heard of.
class hybrid_clock {
public:
  /// A clock this far ahead of ours is refused.
  static constexpr std::chrono::milliseconds skew_max{60'000};

  /// @param wall  milliseconds since 1970
  std::uint64_t next(std::uint64_t wall) noexcept;

  /// @returns false if it is ahead of ours by more than skew_max: then it changes nothing
  bool heard(std::uint64_t clock, std::uint64_t wall) noexcept;

  std::uint64_t last() const noexcept { return last_; }

private:
  static constexpr unsigned counter_bits = 16; ///< changes within a millisecond

  std::uint64_t last_ = 0;
};

class metadata {
public:
  /// Names of deleted queues that are remembered, so that an older word of them does not bring them back;
  /// beyond that the oldest are forgotten.
  static constexpr std::size_t deleted_max = 100'000;

  // -- changes made here; each returns what to tell the others, or nothing if it is so already

  std::optional<metadata_change> open(std::string_view queue, stamp at);
  std::optional<metadata_change> remove(std::string_view queue, stamp at);
  metadata_change patch(std::string_view queue, const property_set& change, stamp at);
  metadata_change reset(std::string_view queue, stamp at);
  metadata_change set_rules(std::vector<rule> rules, stamp at);

  /// A change made elsewhere. @returns whether anything is different now
  bool merge(const metadata_change& theirs);

  // -- views

  bool contains(std::string_view queue) const;
  const queue_metadata* find(std::string_view queue) const;
  const std::vector<rule>& rules() const noexcept { return rules_; }

  /// Everything, as changes: merged into an empty one they give this.
  std::vector<metadata_change> all() const;

  /// Equal where everything is equal.
  std::uint64_t digest() const;

  const std::map<std::string, queue_metadata, std::less<>>& queues() const noexcept { return queues_; }

  friend bool operator==(const metadata& a, const metadata& b) {
    return a.queues_ == b.queues_ && a.rules_ == b.rules_ && a.of_rules_ == b.of_rules_;
  }

private:
  queue_metadata& at(std::string_view queue);
  static void open_at(queue_metadata& q, stamp at);
  void forget_oldest();

  std::map<std::string, queue_metadata, std::less<>> queues_;
  std::vector<rule> rules_;
  stamp of_rules_;
  std::size_t deleted_ = 0;
};

} // namespace lmq
