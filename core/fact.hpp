// What must survive of a queue: facts, the values that a queue machine records, and what they add up to.
//
// A fact is told once, in order, and never taken back; whoever applies a queue's facts in their order has
// what the queue has. A *unit* is what is delivered and settled as one: a message, known by its own id, or a
// compound, known by an id of its own. No instant stands here, only durations: what is left, counted by each
// reader from the moment at which it reads.
#pragma once

#include "core/ids.hpp"
#include "core/message.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace lmq {

/// The window that a message was pushed into.
struct window_place {
  message_id unit; ///< of the compound that it will be
  duration left{}; ///< until the window ends

  friend bool operator==(const window_place&, const window_place&) = default;
};

/// How far the deliveries of a unit have come.
struct delivery_state {
  std::uint32_t deliveries = 0;   ///< begun so far
  std::uint32_t retries_left = 0; ///< deliveries that may follow the one under way, or the next one
  bool exhausted = false; ///< its last delivery ended: it is discarded when it would be delivered again
  home_tag home{};        ///< who made the latest delivery
  std::optional<duration> lease; ///< what is left of the one under way; nothing: none is

  friend bool operator==(const delivery_state&, const delivery_state&) = default;
};

namespace facts {

/// A message was taken in: ready, or a part of a window.
struct put {
  message_id id;
  message content;
  std::uint32_t retries_left = 0;     ///< of its unit
  std::optional<window_place> window; ///< nothing: a unit of its own
};

/// A window has ended: these messages are one unit from now on, ready behind what is ready.
struct closed {
  message_id unit;
  std::uint32_t retries_left = 0;
  std::vector<message_id> parts; ///< in the order of their arrival
};

/// A unit was leased, or its lease's clock restarted.
struct leased {
  message_id unit;
  std::uint32_t delivery = 0; ///< 1 for the first
  home_tag home{};
  duration lease{};
};

/// A lease ended without an ack. The unit is ready again: behind what is ready, or in its old place.
struct ended {
  message_id unit;
  std::uint32_t retries_left = 0;
  bool exhausted = false;
  bool in_place = false;      ///< the delivery reached nobody
  std::uint32_t delivery = 0; ///< the one that ended
  home_tag home{};            ///< … and who made it
};

/// These messages are gone for good.
struct settled {
  enum class cause : std::uint8_t { ack, discard, purge }; ///< purge: an operator removed them

  std::vector<message_id> ids; ///< of messages, not of units
  cause why = cause::ack;
};

} // namespace facts

using fact = std::variant<facts::put, facts::closed, facts::leased, facts::ended, facts::settled>;

/// A unit as a copy of the queue holds it: all that a queue machine needs to go on with it.
struct held_unit {
  message_id unit;
  parcel content; ///< of a compound: the parts that are not settled, in order
  delivery_state state;
  std::optional<duration> window; ///< it is open still: what is left of it
};

} // namespace lmq
