// Names of messages, leases and waiters.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lmq {

/// A message from the moment it enters the node; never given twice.
struct message_id {
  std::uint64_t incarnation = 0; ///< random, drawn by each id source at its start
  std::uint64_t counter = 0;     ///< 1, 2, 3 … within the incarnation

  friend auto operator<=>(const message_id&, const message_id&) = default;
};

/// Hands out message ids. Each gateway thread has one, so that none waits for another.
class id_source {
public:
  /// @param incarnation  see `random_incarnation`; tests pass a constant
  explicit id_source(std::uint64_t incarnation) noexcept : next_{incarnation, 1} {}

  message_id next() noexcept {
    auto id = next_;
    ++next_.counter;
    return id;
  }

private:
  message_id next_;
};

/// 64 bits from the system's entropy source.
std::uint64_t random_incarnation();

/// Tells the nodes apart that deliver messages: drawn at every start, like an incarnation, but shorter. Two
/// that are equal by chance do no harm unless both deliver the same message the same number of times.
enum class home_tag : std::uint32_t {};

/// The id of the compound whose window `home` has opened, or taken over, with this first message. Others than
/// that home make another one of it: they may add other messages.
message_id compound_id(message_id first, home_tag home) noexcept;

/// The id of what becomes of a message in the queue that it is moved to. The same message and the same queue
/// make the same id, on every node and in every version: so whoever moves it again, after a crash, makes no
/// second one. Another queue makes another id, for the context (cluster/replica) is one for all queues: an id
/// that two sides of a broken network had put into different queues would look settled to both.
///
/// @param to  the queue's name; empty: back to the queue that it came from, which the message itself names
message_id moved_id(message_id of, std::string_view to) noexcept;

/// Whether `moved_id` made it.
bool is_moved(message_id id) noexcept;

/// The right to settle one delivery. Its text is the wire's `x-lmq-message-id`.
struct lease_id {
  message_id message;         ///< of a compound: its own id, see `compound_id`
  std::uint32_t delivery = 0; ///< 1 for the first delivery; every delivery has a new lease
  home_tag home{};            ///< who made the delivery

  friend auto operator<=>(const lease_id&, const lease_id&) = default;
};

/// Characters of a message id's text, all of `[0-9A-Za-z_-]`; unlike that of a lease it stays the same from
/// one delivery to the next, and settles nothing.
inline constexpr std::size_t message_id_text_length = 22;

std::string to_text(const message_id& id);

/// Nothing if the text is not one that `to_text` makes.
std::optional<message_id> parse_message_id(std::string_view text);

/// Characters of a lease id's text, all of `[0-9A-Za-z_-]`.
inline constexpr std::size_t lease_id_text_length = 32;

std::string to_text(const lease_id& id);

/// Nothing if the text is not one that `to_text` makes.
std::optional<lease_id> parse_lease_id(std::string_view text);

/// A waiting pull. Smaller is older: whoever has the smaller one is served first, on whichever thread it came
/// in.
enum class waiter_id : std::uint64_t {};

/// The next waiter id of this process. Any thread.
waiter_id next_waiter_id() noexcept;

} // namespace lmq

template <>
struct std::hash<lmq::message_id> {
  std::size_t operator()(const lmq::message_id& id) const noexcept {
    // Neighbours in time are neighbours in the table, which costs fewer cache misses than spreading them; no
    // client chooses an id. Relies on the library's table taking this modulo a prime.
    return static_cast<std::size_t>(id.incarnation + id.counter);
  }
};
