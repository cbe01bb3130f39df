// Who works together, and who is home for which queue.
//
// A view is a set of members that have agreed to work together, and those among them that may be home: whom
// all of them hear. A node is in one view at a time. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// A node from its start to its end. The name is the operator's, the incarnation is drawn at each start.
struct node_id {
  std::string name;
  std::uint64_t incarnation = 0;

  friend auto operator<=>(const node_id&, const node_id&) = default;
};

/// Views of one leader are numbered upwards; a leader's first one is above all that it has heard of.
struct view_id {
  std::uint64_t number = 0; ///< 0: no view
  std::uint64_t leader = 0; ///< its incarnation

  friend auto operator<=>(const view_id&, const view_id&) = default;
};

struct view {
  view_id id;
  std::vector<node_id> members; ///< by name
  std::vector<node_id> homes;   ///< those of them that all of them hear; by name

  bool contains(const node_id& node) const;
  friend bool operator==(const view&, const view&) = default;
};

/// The home of a queue: the first of `homes` by rendezvous hashing, so that a change of members moves only
/// the queues of those that come or go. O(homes). Never asked of a view without homes.
const node_id& home_of(const view& in, std::string_view queue);

} // namespace lmq
