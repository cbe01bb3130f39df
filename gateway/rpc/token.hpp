// The head of a MessagePack value: what it is and what follows. All of the format that the gateway has to
// understand before msgpack-c, or a client, may have a whole value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lmq {

enum class value_kind : std::uint8_t {
  nil,
  boolean,
  integer,  ///< from 0 on
  negative, ///< an integer below 0
  floating,
  str, ///< an old raw, too
  bin,
  array,
  map,
  ext,
};

struct token {
  value_kind kind = value_kind::nil;
  std::size_t head_bytes = 0; ///< with the whole of a number
  std::uint64_t bytes = 0;    ///< of text or data, behind the head
  std::uint64_t values = 0;   ///< within: an array's elements, a map's keys and values
  std::uint64_t number = 0;   ///< an integer, or 1 for true
  double real = 0;            ///< of a floating
};

enum class token_state {
  complete,
  incomplete, ///< more bytes of the head must come
  invalid,    ///< 0xc1, which no value begins with
};

/// The head of the value that `bytes` begin with. Cost: O(1); nothing that it announces is looked at.
token_state read_token(std::string_view bytes, token& into) noexcept;

} // namespace lmq
