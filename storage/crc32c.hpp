// The checksum that RocksDB has on each block of a table and each record of a log.
#pragma once

#include <cstdint>
#include <string_view>

namespace lmq {

/// CRC-32C of the bytes, as RocksDB stores it: turned and moved, so that a checksum of checksums is no trap.
std::uint32_t stored_crc32c(std::string_view bytes) noexcept;

} // namespace lmq
