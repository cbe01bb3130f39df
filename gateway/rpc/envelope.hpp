// One MessagePack-RPC message, taken out of its frame: what is asked, and how to name the answer.
#pragma once

#include "gateway/rpc/value_reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lmq {

/// Parameters as they lie in the frame.
struct rpc_params {
  std::uint64_t count;
  value_reader values;
};

/// A request `[0, msgid, method, params]` or a notification `[2, method, params]`. Views into the frame.
struct rpc_message {
  std::optional<std::uint32_t> id;        ///< nothing: nobody waits for an answer
  std::optional<std::string_view> method; ///< nothing: no string, so no method
  std::optional<rpc_params> params;       ///< nothing: no array
};

/// Whether a frame may begin with this byte: an array of 3 or 4 values, in any form.
bool begins_message(char first) noexcept;

/// @param frame  one whole value
/// @returns nothing if it is no request and no notification
std::optional<rpc_message> read_message(std::string_view frame);

/// The msgid of a request of which only the beginning is there, or is sound; nothing if it can't be told.
std::optional<std::uint32_t> find_id(std::string_view beginning) noexcept;

} // namespace lmq
