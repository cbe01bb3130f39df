#include "gateway/rpc/envelope.hpp"

#include <limits>

namespace lmq {

namespace {

/// The first element of a message.
enum message_type : std::uint64_t { request_type = 0, notification_type = 2 };

std::optional<std::uint32_t> as_id(std::optional<std::uint64_t> number) noexcept {
  if (!number || *number > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

} // namespace

bool begins_message(char first) noexcept {
  switch (static_cast<unsigned char>(first)) {
  case 0x93:
  case 0x94:
  case 0xdc:
  case 0xdd: return true;
  default: return false;
  }
}

std::optional<rpc_message> read_message(std::string_view frame) {
  value_reader in{frame};
  rpc_message message;
  auto parts = in.array();
  if (parts != 3u && parts != 4u)
    return std::nullopt;
  if (auto type = in.integer(); type == request_type && parts == 4u) {
    message.id = as_id(in.integer());
    if (!message.id)
      return std::nullopt;
  } else if (type != notification_type || parts != 3u) {
    return std::nullopt;
  }
  message.method = in.text();
  if (!message.method)
    in.skip();
  if (auto count = in.array())
    message.params = rpc_params{*count, in};
  return message;
}

std::optional<std::uint32_t> find_id(std::string_view beginning) noexcept {
  // Not a value_reader: what it reads must be whole.
  token part;
  auto next = [&](value_kind wanted) {
    if (read_token(beginning, part) != token_state::complete || part.kind != wanted)
      return false;
    beginning.remove_prefix(part.head_bytes);
    return true;
  };
  if (!next(value_kind::array) || part.values != 4 || !next(value_kind::integer) ||
      part.number != request_type || !next(value_kind::integer))
    return std::nullopt;
  return as_id(part.number);
}

} // namespace lmq
