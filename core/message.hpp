// What a queue holds and hands out: messages, compounds of messages, and deliveries of either.
#pragma once

#include "core/ids.hpp"
#include "core/payload.hpp"
#include "core/time.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lmq {

/// Header fields in the order in which they came; names in lower case.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// Body, content type, and the further headers that hooks preserved (null: none).
struct message {
  payload content;
  std::shared_ptr<const header_list> preserved;
  bool away = false; ///< both are on the disk only, to be read before anybody sees the message
  std::uint16_t away_beside_bytes = 0; ///< memory they would take without the body, as far as this can say
  std::uint32_t away_body_bytes = 0;   ///< of the body, exactly: the disk takes none that is larger
};

/// A message in a window, still known by its own id.
struct part {
  message_id id;
  message content;
};

/// All that was pushed within one window, in the order of arrival; delivered and settled as one.
using compound = std::vector<part>;

/// The unit of delivery.
using parcel = std::variant<message, std::shared_ptr<const compound>>;

/// One parcel on its way to one consumer.
struct delivery {
  lease_id lease;
  parcel content;
  std::uint32_t retries_left = 0; ///< deliveries that may follow this one
  duration waited{};              ///< from ready to delivered
};

/// What became of a push.
enum class push_outcome {
  stored, ///< ready at once
  opened, ///< it opened a window
  joined, ///< it joined an open window
};

/// What a consumer does with its delivery.
enum class verdict {
  ack,    ///< done: remove
  nack,   ///< give back now; spends a retry
  extend, ///< restart the lease's clock
};

/// Reads what is away: the message of that id; nothing: it is settled, and gone.
using message_reader = std::function<std::optional<message>(message_id)>;

bool is_away(const parcel& what) noexcept;

/// The parcel with everything in it. Nothing: something of it is gone.
std::optional<parcel> with_bodies(const parcel& what, message_id unit, const message_reader& read);

/// Memory a message takes beside the record that holds it, in bytes.
std::size_t memory_bytes(const message& m);

/// Of the body, wherever it is.
std::size_t body_bytes(const message& m) noexcept;

/// What would be taken in memory by all that is away of it, in bytes.
std::size_t away_bytes(const message& m) noexcept;
std::size_t away_bytes(const parcel& what) noexcept;

/// What is left in memory of a message whose content is on the disk.
message put_away(const message& m);

} // namespace lmq
