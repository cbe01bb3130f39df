// What an operator asks of the messages of one queue, and what comes of it: to look at those that are ready,
// to drop them, to remove one. Plain values.
#pragma once

#include "core/ids.hpp"
#include "core/message.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lmq {

/// Bounds of what a peek shows.
struct peek_limits {
  static constexpr std::uint32_t messages_default = 10;
  static constexpr std::uint32_t messages_max = 100;
  static constexpr std::size_t parts_max = 100;            ///< of a compound; the others are only counted
  static constexpr std::size_t body_bytes_max = 16 * 1024; ///< of a message, over all its parts

  /// Of what is on the disk only, and is read for one peek: it is read where everybody else waits for it.
  static constexpr std::size_t read_bytes_max = 4 * 1024 * 1024;
  /// What each such read counts as at least: about what it takes to find a small message.
  static constexpr std::size_t read_bytes_min = 4 * 1024;
};

namespace orders {

/// Shows the first n messages that are ready.
struct peek {
  std::uint32_t n = peek_limits::messages_default;
};

/// Drops all that is ready.
struct purge {};

/// Removes one message, ready or leased.
struct remove {
  message_id id;
};

} // namespace orders

using queue_order = std::variant<orders::peek, orders::purge, orders::remove>;

/// A message that is ready, as its queue holds it. Of a compound the id is its own.
struct standing_message {
  message_id id;
  parcel content;
  duration age{};                 ///< since it is ready
  std::uint32_t deliveries = 0;   ///< begun so far
  std::uint32_t retries_left = 0; ///< deliveries that may follow the next one
};

/// A message, or a part of a compound, as far as a peek shows it.
struct peeked_part {
  std::string content_type;
  header_list preserved;
  std::uint64_t body_bytes = 0; ///< of the whole body
  std::string body;             ///< as much of it as is shown, cut between characters where it is text
  bool unread = false;          ///< it is on the disk, and of all this only its size is known

  bool truncated() const noexcept { return unread || body.size() < body_bytes; }
};

struct peeked_message {
  message_id id;
  bool compound = false;
  duration age{};
  std::uint32_t deliveries = 0;
  std::uint32_t retries_left = 0;
  std::uint64_t body_bytes = 0;   ///< of all parts
  std::uint64_t parts_total = 1;  ///< that it has …
  std::vector<peeked_part> parts; ///< … and those that are shown
};

using peeked_messages = std::vector<peeked_message>;

struct purged {
  std::uint64_t messages = 0;
};

struct removed {};

using order_outcome = std::variant<peeked_messages, purged, removed>;

/// What one peek may still read of what is on the disk only.
class read_allowance {
public:
  /// Whether as much may be read; then it is taken off. Of the first message in line all may be, as a pull
  /// would read it.
  bool take(std::size_t bytes) noexcept;

  /// Something has been shown: what follows is not the first.
  void first_is_shown() noexcept { first_ = false; }

private:
  std::size_t left_ = peek_limits::read_bytes_max;
  bool first_ = true;
};

/// What a peek shows of it. Nothing: some of it is settled meanwhile, and gone.
///
/// @param read     is asked for what is away, as far as `allowed` reaches; what is beyond that is told by its
///                 size
/// @param allowed  of the whole peek
/// Cost: O(parts), a copy of what is shown of the bodies, and what is read
std::optional<peeked_message> shown(const standing_message& m, const message_reader& read,
                                    read_allowance& allowed);

} // namespace lmq
