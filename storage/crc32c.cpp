#include "storage/crc32c.hpp"

#include <array>
#include <cstddef>

namespace lmq {

namespace {

using table = std::array<std::uint32_t, 256>;

/// `tables[k]` for a byte with k more behind it, so that eight of them are taken at a time.
constexpr std::array<table, 8> tables = [] {
  std::array<table, 8> all{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    all[0][i] = crc;
  }
  for (std::size_t k = 1; k < all.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      all[k][i] = all[k - 1][i] >> 8 ^ all[0][all[k - 1][i] & 255];
  return all;
}();

} // namespace

std::uint32_t stored_crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = ~0U;
  auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
  while (bytes.size() >= 8) {
    crc ^= byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    crc = tables[7][crc & 255] ^ tables[6][crc >> 8 & 255] ^ tables[5][crc >> 16 & 255] ^
          tables[4][crc >> 24] ^ tables[3][byte(4)] ^ tables[2][byte(5)] ^ tables[1][byte(6)] ^
          tables[0][byte(7)];
    bytes.remove_prefix(8);
  }
  for (char c : bytes)
    crc = crc >> 8 ^ tables[0][(crc ^ static_cast<unsigned char>(c)) & 255];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

} // namespace lmq
