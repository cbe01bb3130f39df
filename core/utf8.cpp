#include "core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace lmq {

namespace {

/// Bytes of ASCII at the beginning of `bytes`; in blocks of 8, the rest one by one.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  std::size_t n = 0;
  for (std::uint64_t block = 0; bytes.size() - n >= sizeof block; n += sizeof block) {
    std::memcpy(&block, bytes.data() + n, sizeof block);
    if ((block & 0x8080808080808080u) != 0)
      break;
  }
  while (n < bytes.size() && static_cast<unsigned char>(bytes[n]) < 0x80)
    ++n;
  return n;
}

/// Bytes of the character that `bytes` begin with, which is not ASCII; 0 if it is none.
std::size_t character(std::string_view bytes) noexcept {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  auto first = at(0);
  std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size)
    return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((at(i) & 0xc0) != 0x80)
      return 0;
  // What would be a longer form, a surrogate, or too large shows in the second byte.
  auto second = at(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return size;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept {
  for (bytes.remove_prefix(ascii_prefix(bytes)); !bytes.empty(); bytes.remove_prefix(ascii_prefix(bytes))) {
    auto size = character(bytes);
    if (size == 0)
      return false;
    bytes.remove_prefix(size);
  }
  return true;
}

} // namespace lmq
