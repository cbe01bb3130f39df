// What nodes say to each other: the messages of a link, version 1.
//
// docs/protocol/cluster.md says what they mean and in which order they come; codec.hpp makes bytes of them.
// Messages are only appended to: a new field goes to the end of its struct, a new message to the end of the
// variant. Plain values.
#pragma once

#include "cluster/metadata.hpp"
#include "cluster/view.hpp"
#include "core/fact.hpp"
#include "core/id_set.hpp"
#include "core/queue_order.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lmq {

/// Versions of this protocol that this program speaks.
inline constexpr std::uint16_t cluster_version_min = 1;
inline constexpr std::uint16_t cluster_version_max = 1;

/// Every `heartbeat_interval`, and whenever something in it changes. Not part of the ordered stream.
struct heartbeat {
  std::vector<node_id> linked;  ///< whom the sender hears
  std::vector<node_id> in_step; ///< those of them whose link has been compared
  std::string leader;           ///< whom the sender follows; its own name: it leads
  view_id view;                 ///< the newest that it has seen
  view_id serving;              ///< the one that it is in; zero: none
  bool leaving = false;
  std::uint64_t clock = 0;            ///< hybrid logical clock
  bool withdrawn = false;             ///< the sender does not consent to `view` any more
  std::vector<std::string> addresses; ///< cluster ports of all members that the sender knows of
  std::uint64_t unwritten_bytes = 0;  ///< of bodies that the sender's disk is at
};

/// What a copy knows of a unit but its content; for the comparison of two copies.
struct unit_record {
  message_id unit;
  delivery_state state;
  bool compound = false;
  std::optional<duration> window; ///< open, and what is left of it
  std::vector<message_id> parts;  ///< of a compound: those that the sender holds and delivers with it
  std::vector<message_id> listed; ///< … and all that it lists, but for what is settled; in order
};

/// A message under way to a copy that lacks it.
struct moved_message {
  message_id id;
  message content;
};

/// What is asked of a queue's home on behalf of a client of another node.
namespace asked {
struct push {
  message_id id;
  message content;
  bool again = false; ///< it may have been taken in already
};
struct pull {
  std::optional<duration> wait; ///< nothing: without limit
};
struct settle {
  lease_id lease;
  std::uint8_t verdict = 0; ///< of `lmq::verdict`
  bool again = false;       ///< it may have been done already
};
struct give_back {
  lease_id lease;
};
struct report {};
struct order {
  queue_order what;
  bool again = false; ///< it may have been done already
};
struct redrive {
  std::uint64_t limit = 0;
};
} // namespace asked

using question = std::variant<asked::push, asked::pull, asked::settle, asked::give_back, asked::report,
                              asked::order, asked::redrive>;

/// What became of a question.
namespace answered {
struct pushed {
  std::uint8_t outcome = 0; ///< of `push_outcome`
};
struct nothing {}; ///< done; to a pull: no message in time
struct delivered {
  std::string queue;
  lmq::delivery what;
};
struct refused {
  std::uint8_t why = 0; ///< of `reason`
  std::string detail;
};
struct not_home {}; ///< ask whoever is it now
struct reported {
  std::string report; ///< encoded by whoever asks and answers, see node_actor.cpp
};
struct ordered {
  order_outcome what;
};
struct redriven {
  std::uint64_t moved = 0;
};
} // namespace answered

using reply = std::variant<answered::pushed, answered::nothing, answered::delivered, answered::refused,
                           answered::not_home, answered::reported, answered::ordered, answered::redriven>;

namespace says {

/// What the sender has recorded of a queue, or relays from a node that the receiver does not hear.
struct recorded {
  std::string queue;
  std::vector<fact> facts;
};

/// Names, rules or properties have changed.
struct changed {
  metadata_change what;
};

/// Take part in this view. From the leader that the receiver follows.
struct propose {
  view next;
};

/// The sender has stopped leasing under earlier views, and all that it recorded under them has been said.
struct flushed {
  view_id in;
};

/// Sums over what the sender holds; asks for `holds`. `round` is the view that is being made, or zero when
/// the link is new.
struct summary {
  struct queue {
    std::string name;
    std::uint64_t units = 0;
    std::uint64_t digest = 0;
  };

  view_id round;
  id_set context;
  std::vector<queue> queues;
  std::uint64_t metadata = 0; ///< its digest
};

/// The answer to a summary, or to that answer: what the sender holds of a queue where the sums differ.
struct holds {
  view_id round;
  std::string queue;
  std::vector<unit_record> units;
};

/// All `holds` of this round have been said. The one that answers a summary carries the context of its
/// sender.
struct compared {
  view_id round;
  bool reply = false;
  id_set context;
  bool metadata_differs = false; ///< say all of yours, as I have said mine
};

/// Messages that the receiver lacks, with their units.
struct moved {
  std::string queue;
  std::vector<unit_record> units;
  std::vector<moved_message> messages;
};

/// All that the receiver lacked when it was compared has been said.
struct complete {
  view_id round;
};

/// A question to a queue's home; asking again under the same number is the same question.
struct ask {
  std::uint64_t number = 0;
  std::string queue;
  question what;
  std::uint64_t age = 0; ///< orders waiting pulls of one node
};

/// Nobody waits for the answer to this question any more.
struct forget {
  std::uint64_t number = 0;
};

struct tell {
  std::uint64_t number = 0;
  reply what;
};

/// The sender goes for good; nobody need wait for it.
struct farewell {};

} // namespace says

using cluster_message = std::variant<says::recorded, says::changed, says::propose, says::flushed,
                                     says::summary, says::holds, says::compared, says::moved, says::complete,
                                     says::ask, says::forget, says::tell, says::farewell>;

} // namespace lmq
