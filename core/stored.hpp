// What is written of a node so that it can go on after its end: changes, and what they add up to.
//
// Rows and not a history: a later row of the same name stands for the earlier. Made by whoever holds the
// queues' facts (cluster/replica), kept by storage, or by a test's model of a disk. Plain values; durations
// are what was left when the row was made, and count on while nothing runs.
#pragma once

#include "core/fact.hpp"
#include "core/id_set.hpp"
#include "core/ids.hpp"
#include "core/message.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lmq {

/// A message. Written once; where no stored_unit says otherwise it is a unit of its own that was never
/// delivered.
struct stored_message {
  message_id id;
  message content;
  std::uint32_t retries_left = 0;
  std::uint64_t place = 0; ///< orders the units of a queue; none is 0
};

/// A compound, or a message whose deliveries have begun. Written again whenever something in it changes.
struct stored_unit {
  message_id unit;
  delivery_state state;
  std::uint64_t place = 0;
  bool compound = false;
  std::optional<duration> window; ///< of a compound: it is open, and what is left of it
  std::vector<message_id> parts;  ///< of a compound: all that it lists, but for what is settled; in order
};

/// What has become of one queue.
struct stored_queue_change {
  std::string queue;
  std::vector<stored_message> messages;  ///< that were never written before
  std::vector<stored_unit> units;        ///< as they are now
  std::vector<message_id> gone_messages; ///< that were written
  std::vector<message_id> gone_units;    ///< that were written
};

/// What is written as one: after a crash all of it is there, or nothing. What is gone came before what is
/// there.
struct store_batch {
  std::vector<stored_queue_change> queues; ///< each once
  /// The context, whole, of each incarnation in which it has changed.
  std::map<std::uint64_t, std::vector<id_set::interval>> context;
  /// Small things that others make sense of, by name; empty: gone.
  std::map<std::string, std::string> notes;

  bool empty() const noexcept { return queues.empty() && context.empty() && notes.empty(); }
};

/// What one queue was when the last batch was written. In no order.
struct stored_queue {
  std::vector<stored_message> messages;
  std::vector<stored_unit> units;
};

/// What all batches add up to.
struct stored_state {
  std::map<std::string, stored_queue> queues;
  id_set context;
  std::map<std::string, std::string> notes;
};

} // namespace lmq
