// What a node machine wants done, as values. The node's actor carries them out in the order given; so does
// the simulator.
#pragma once

#include "cluster/protocol.hpp"
#include "core/fact.hpp"
#include "core/stored.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lmq {

/// Who asked a question: a front of this node, or another node.
struct asker {
  std::uint64_t incarnation = 0; ///< of the node that asks; 0: this one
  std::uint64_t number = 0;      ///< given by it

  friend auto operator<=>(const asker&, const asker&) = default;
};

namespace node_effects {

/// To the node of this incarnation. May be lost.
struct send_frame {
  node_id to;
  std::string frame;
};

/// All queues that serve here stop, and say what they have recorded; then call `held`.
struct hold_queues {};

/// The queue serves from now on: anew with these units, or, if it was held, as it was and these.
struct serve_queue {
  std::string queue;
  std::vector<held_unit> units;
};

/// The queue does not serve here any more; what waits there bounces.
struct drop_queue {
  std::string queue;
};

/// A queue that serves here, or is held, hears what others have done.
struct adopt_units {
  std::string queue;
  std::vector<held_unit> units;
};
struct forget_messages {
  std::string queue;
  facts::settled what;
};

/// A queue that serves here, or is held, lets go of the bodies of these: they are on the disk.
struct put_away {
  std::string queue;
  std::vector<message_id> ids;
};

/// What the queue recorded up to this number is safe.
struct facts_safe {
  std::string queue;
  std::uint64_t number = 0;
};

/// Ask a queue that serves here, and call `queue_told`.
struct ask_queue {
  asker by;
  std::string queue;
  question what;
};

/// Nobody waits for that pull any more.
struct cancel_pull {
  asker by;
  std::string queue;
};

/// The answer to a question of this node's own.
struct answer_question {
  std::uint64_t number = 0;
  reply what;
};

/// Names, rules or properties have changed, here or elsewhere.
struct metadata_changed {
  metadata_change what;
};

/// What `write…` was asked to do under this number is done and safe.
struct write_done {
  std::uint64_t number = 0;
};

/// Write that; then call `stored` with the number. In the order of the numbers.
struct store_rows {
  store_batch rows;
  std::uint64_t number = 0;
};

/// There may be something to deliver in a queue whose home is elsewhere.
struct maybe_ready {
  std::string queue;
};

/// The view has changed, or who is in step: for the log, and for `/stats`.
struct members_changed {
  std::optional<view> began; ///< this node takes part in it from now on: what follows is done under it
};

/// A member listens there, of which a peer has told: keep a link to it.
struct dial {
  std::string address;
};

/// Something an operator should read.
struct note {
  enum class severity : std::uint8_t { info, warning };

  severity how = severity::info;
  std::string line; ///< an event's name and its fields
};

} // namespace node_effects

using node_effect =
  std::variant<node_effects::send_frame, node_effects::hold_queues, node_effects::serve_queue,
               node_effects::drop_queue, node_effects::adopt_units, node_effects::forget_messages,
               node_effects::facts_safe, node_effects::ask_queue, node_effects::cancel_pull,
               node_effects::answer_question, node_effects::metadata_changed, node_effects::write_done,
               node_effects::maybe_ready, node_effects::members_changed, node_effects::dial,
               node_effects::note, node_effects::store_rows, node_effects::put_away>;
using node_effect_list = std::vector<node_effect>;

} // namespace lmq
