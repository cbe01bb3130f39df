#include "gateway/rpc/token.hpp"

#include <bit>
#include <iterator>

namespace lmq {

namespace {

using enum value_kind;

/// What a first byte says: the kind, and how much of the head follows.
struct form {
  value_kind kind;
  unsigned number_bytes = 0; ///< of the value itself, or of a length
  unsigned extra_bytes = 0;  ///< of data beyond that length: an ext's type, and all of one of fixed size
};

// clang-format off
constexpr form forms[] = { // from 0xc0 on
  {nil}, {nil}, {boolean}, {boolean}, // 0xc1 is dealt with before
  {bin, 1}, {bin, 2}, {bin, 4},
  {ext, 1, 1}, {ext, 2, 1}, {ext, 4, 1},
  {floating, 4}, {floating, 8},
  {integer, 1}, {integer, 2}, {integer, 4}, {integer, 8},
  {negative, 1}, {negative, 2}, {negative, 4}, {negative, 8},
  {ext, 0, 2}, {ext, 0, 3}, {ext, 0, 5}, {ext, 0, 9}, {ext, 0, 17},
  {str, 1}, {str, 2}, {str, 4},
  {array, 2}, {array, 4},
  {map, 2}, {map, 4},
};
// clang-format on
static_assert(std::size(forms) == 0x20);

std::uint64_t big_endian(std::string_view bytes) noexcept {
  std::uint64_t n = 0;
  for (char c : bytes)
    n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

/// The number of a head, of so many bytes: the value itself, a length, or how many values are within.
void take_number(token& t, std::uint64_t n, unsigned bytes) noexcept {
  switch (t.kind) {
  case nil:
  case boolean:
  case integer: t.number = n; break;
  case negative: // so far it only may be
    t.number = n;
    if ((n >> (bytes * 8 - 1)) == 0)
      t.kind = integer;
    break;
  case floating:
    t.real = bytes == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(n)) : std::bit_cast<double>(n);
    break;
  case str:
  case bin:
  case ext: t.bytes = n; break;
  case array: t.values = n; break;
  case map: t.values = n * 2; break;
  }
}

/// A head of one byte, with the number in its last bits.
void take_short(token& t, value_kind kind, unsigned n) noexcept {
  t.kind = kind;
  t.head_bytes = 1;
  take_number(t, n, 1);
}

} // namespace

token_state read_token(std::string_view bytes, token& into) noexcept {
  if (bytes.empty())
    return token_state::incomplete;
  auto first = static_cast<unsigned char>(bytes.front());
  into = {};
  if (first < 0x80)
    take_short(into, integer, first);
  else if (first < 0x90)
    take_short(into, map, first & 0x0f);
  else if (first < 0xa0)
    take_short(into, array, first & 0x0f);
  else if (first < 0xc0)
    take_short(into, str, first & 0x1f);
  else if (first >= 0xe0)
    take_short(into, negative, first);
  else if (first == 0xc1)
    return token_state::invalid;
  else {
    const auto& how = forms[first - 0xc0];
    if (bytes.size() < 1 + how.number_bytes)
      return token_state::incomplete;
    into.kind = how.kind;
    into.head_bytes = 1 + how.number_bytes;
    take_number(into, big_endian(bytes.substr(1, how.number_bytes)), how.number_bytes);
    into.bytes += how.extra_bytes;
    if (how.kind == boolean)
      into.number = first & 1;
  }
  return token_state::complete;
}

} // namespace lmq
