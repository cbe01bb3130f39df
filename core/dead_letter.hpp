// What is written on a message that ran out of retries, for whoever finds it in the queue of dead letters:
// preserved headers like those that hooks keep, but no client can send them.
#pragma once

#include "core/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lmq {

namespace dead_letter_headers {
inline constexpr std::string_view reason = "x-lmq-dead-reason";    ///< `retries`
inline constexpr std::string_view queue = "x-lmq-dead-queue";      ///< the name of the queue that it was in
inline constexpr std::string_view deliveries = "x-lmq-deliveries"; ///< how often it was delivered there
inline constexpr std::array all{reason, queue, deliveries};
} // namespace dead_letter_headers

/// How many one `redrive` may send back.
inline constexpr std::size_t redrive_max = 10'000;

/// A header of a dead letter. Names are in lower case.
bool is_dead_letter_header(std::string_view name) noexcept;

/// The message as it stands in the queue of dead letters: what was written on it by an earlier death is
/// replaced.
///
/// @param queue       in which it ran out of retries
/// @param deliveries  of the message there, or of the compound that it was in
message dead_letter_of(const message& m, const std::string& queue, std::uint32_t deliveries);

/// The message as it was before it died.
message revived(const message& dead);

/// The queue in which it died; nothing: it is no dead letter. What is away is not looked into.
std::optional<std::string> dead_queue_of(const message& m);

} // namespace lmq
