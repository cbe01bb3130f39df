// What a queue machine wants done, as values. The queue's actor carries them out in the order given.
#pragma once

#include "core/fact.hpp"
#include "core/ids.hpp"
#include "core/message.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace lmq {

/// Answer this waiter with a delivery.
struct deliver {
  waiter_id to;
  lmq::delivery what;
};

/// Answer this waiter with nothing: its time is up, it was cancelled, or the queue is gone.
struct answer_empty {
  waiter_id to;
};

/// A message left the queue unsettled, because it had no retries left.
struct discard {
  message_id id;
};

/// Push what is in it to another queue, under ids of `moved_id`; then call `moved`, or `not_moved`. Comes
/// again for the same unit after `not_moved`.
struct move_on {
  message_id unit;
  std::optional<std::string> to; ///< nothing: back to the queue in which it died
  parcel content;
  std::uint32_t deliveries = 0;
};

/// Tell pull_any that a message is ready, and who of the queue's own waiters is first in line for it.
struct offer {
  std::optional<waiter_id> oldest;
};

/// Keep this: it is decided, and never taken back. Comes before what it enables.
struct record {
  fact what;
};

using effect = std::variant<deliver, answer_empty, discard, offer, record, move_on>;
using effects = std::vector<effect>;

} // namespace lmq
