// Per-queue settings: the values in force, the partial sets that people write, and how one comes from the
// other.
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

using std::chrono::milliseconds;

/// One hook to call at a point, with its arguments.
struct hook_call {
  std::string name;
  std::vector<std::string> arguments;

  friend bool operator==(const hook_call&, const hook_call&) = default;
};

/// Hooks by the name of the point at which they run (`pre_http_push`), in the order of their calls.
using hook_settings = std::map<std::string, std::vector<hook_call>>;

/// A partial set of properties: what a queue sets for itself, what a rule sets, what a PATCH changes.
struct property_set {
  std::optional<milliseconds> accum;   ///< length of the accumulation window; 0: none
  std::optional<std::uint32_t> retry;  ///< deliveries after the first
  std::optional<milliseconds> timeout; ///< how long a lease holds
  std::optional<hook_settings> hooks;
  std::optional<std::uint64_t> max_messages; ///< held, beyond which pushes are refused; 0: no limit
  std::optional<std::uint64_t> max_bytes;    ///< of messages held, bookkeeping included; 0: no limit
  std::optional<bool> paused;                ///< nothing is delivered
  std::optional<std::string> dead_letter;    ///< the queue for what is out of retries; empty: none

  friend bool operator==(const property_set&, const property_set&) = default;
};

/// The values in force for a queue. The defaults here are the system's.
struct properties {
  milliseconds accum{0};
  std::uint32_t retry = 2;
  milliseconds timeout{30'000};
  std::optional<hook_settings> hooks;        ///< absent where nobody set any
  std::optional<std::uint64_t> max_messages; ///< absent where nobody set one; 0: no limit
  std::optional<std::uint64_t> max_bytes;    ///< as max_messages
  bool paused = false;                       ///< takes pushes and settles, and delivers nothing
  std::optional<std::string>
    dead_letter; ///< absent where nobody set one; empty: none. Never the queue itself

  friend bool operator==(const properties&, const properties&) = default;
};

/// A default for all queues whose name the pattern finds. The first rule that matches is the only one that
/// counts.
struct rule {
  std::string pattern;
  property_set set;

  friend bool operator==(const rule&, const rule&) = default;
};

/// Bounds of what may be written.
struct property_limits {
  static constexpr milliseconds time_max = std::chrono::hours{24 * 366 * 10};
  static constexpr std::uint32_t retry_max = 1'000'000'000;
  static constexpr std::uint64_t queue_limit_max = 1'000'000'000'000'000; ///< of max_messages, max_bytes
  static constexpr std::size_t rules_max = 1'000;
  static constexpr std::size_t hooks_max = 64; ///< calls in one set
};

/// Key by key: own value, else the rule's (null: no rule matches), else the system's. What depends on the
/// queue's name is left to `of_queue`.
properties effective(const property_set& own, const property_set* rule);

/// In force for a queue of that name: a queue is not its own queue of dead letters, though a rule for many
/// may say so.
properties of_queue(std::string_view name, properties in_force);

/// Writes what `change` sets over what `into` holds; the rest stays.
void merge(property_set& into, const property_set& change);

/// Length of a queue's name, in bytes.
inline constexpr std::size_t queue_name_bytes_max = 255;

/// Any 1 to 255 bytes but control characters (0 to 31 and 127).
/// Errors: bad_name
result<void> check_queue_name(std::string_view name);

/// Whether the set may be written, as far as names go.
///
/// @param of  the queue whose own it is to be; nothing: a rule's
/// Errors: bad_name, bad_property (a queue that would be its own queue of dead letters)
result<void> check_dead_letter(const property_set& set, std::optional<std::string_view> of);

} // namespace lmq
