// What a queue holds and hands out: messages, compounds of messages, and deliveries of either.
#pragma once

#include "core/ids.hpp"
#include "core/payload.hpp"
#include "core/time.hpp"

#include <memory>
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

/// Memory a message takes beside the record that holds it, in bytes.
std::size_t memory_bytes(const message& m);

} // namespace lmq
