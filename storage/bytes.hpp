// Numbers and strings as bytes, and back; whatever is read is suspected of everything.
//
// Plain values. Of keys the numbers are big-endian and of one width, so that their order is the bytes' order;
// of values they are LEB128: seven bits a byte, the lowest first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lmq {

inline void put_u32(std::string& to, std::uint32_t n) {
  for (int shift = 24; shift >= 0; shift -= 8)
    to.push_back(static_cast<char>(n >> shift));
}

inline void put_u64(std::string& to, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8)
    to.push_back(static_cast<char>(n >> shift));
}

inline void put_number(std::string& to, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7)
    to.push_back(static_cast<char>(n | 0x80));
  to.push_back(static_cast<char>(n));
}

inline void put_text(std::string& to, std::string_view text) {
  put_number(to, text.size());
  to.append(text);
}

/// As RocksDB writes numbers of one width: the lowest byte first. At most 8 bytes
inline std::uint64_t little_endian(std::string_view bytes) noexcept {
  std::uint64_t n = 0;
  for (auto i = bytes.size(); i-- > 0;)
    n = n << 8 | static_cast<unsigned char>(bytes[i]);
  return n;
}

/// Reads from the front. What is not there reads as 0 or empty, and from then on the reader has failed.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  bool failed() const noexcept { return failed_; }
  /// All was read, and all of it was there.
  bool complete() const noexcept { return !failed_ && rest_.empty(); }
  std::size_t left() const noexcept { return rest_.size(); }

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() noexcept { return big_endian(8); }

  std::uint64_t number() noexcept {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      std::uint64_t byte = u8();
      // The tenth byte has room for one bit.
      if (failed_ || (shift == 63 && byte > 1))
        break;
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80)
        return n;
    }
    fail();
    return 0;
  }

  std::uint32_t small_number() noexcept {
    auto n = number();
    if (n > UINT32_MAX)
      fail();
    return failed_ ? 0 : static_cast<std::uint32_t>(n);
  }

  /// How many of something follow, each of which takes that many bytes at least: so that nobody makes room
  /// for more than can be there.
  std::size_t count(std::size_t each_bytes_min) noexcept {
    auto n = number();
    if (n > rest_.size() / each_bytes_min)
      fail();
    return failed_ ? 0 : static_cast<std::size_t>(n);
  }

  std::string_view text() noexcept { return take(number()); }
  std::string_view rest() noexcept { return take(rest_.size()); }

  std::string_view take(std::uint64_t bytes) noexcept {
    if (bytes > rest_.size()) {
      fail();
      return {};
    }
    auto taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  void fail() noexcept {
    failed_ = true;
    rest_ = {};
  }

private:
  std::uint64_t big_endian(std::size_t bytes) noexcept {
    std::uint64_t n = 0;
    for (char c : take(bytes))
      n = n << 8 | static_cast<unsigned char>(c);
    return n;
  }

  std::string_view rest_;
  bool failed_ = false;
};

} // namespace lmq
