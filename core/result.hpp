// Refusals as values: what a verb answers when it will not do what was asked.
//
// A refusal is the caller's mistake or the broker's considered "no"; it becomes an answer on the wire. Faults
// and bugs travel otherwise (exceptions, assertions).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lmq {

/// Why a request is refused. Each protocol has one table from here to its own codes.
enum class reason {
  bad_name,         ///< a queue name that is empty, too long, or holds control characters
  bad_pattern,      ///< a regular expression that RE2 does not accept
  bad_property,     ///< a property's value has the wrong type or is out of range
  unknown_property, ///< a key that is no property
  unknown_hook,     ///< a hook or hook point that this program does not have
  no_such_lease,    ///< unknown, settled or expired
  no_such_queue,    ///< never created, or deleted
  over_limit,       ///< one of the named limits is reached
  no_such_member,   ///< the cluster knows no node of that name
  member_in_use,    ///< what is asked can't be done to a member that is connected, or to this node itself
  unavailable,      ///< the part that should answer is gone or stopping; trying again may help
  queue_full,       ///< the push would go beyond what the queue may hold
  no_such_message,  ///< settled, out of retries, or never there
  no_space,         ///< memory or disk is as full as it may get; when some is drained there is room
};

/// A "no" with its explanation.
struct refusal {
  reason why = reason::unavailable;
  std::string detail; ///< a sentence for a person: what is wrong and what to send instead

  friend bool operator==(const refusal&, const refusal&) = default;
};

template <class T>
using result = tl::expected<T, refusal>;

/// `return refuse(reason::bad_name, "…");`
inline tl::unexpected<refusal> refuse(reason why, std::string detail) {
  return tl::unexpected<refusal>(refusal{why, std::move(detail)});
}

} // namespace lmq
