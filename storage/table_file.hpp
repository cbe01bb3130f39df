// A table of RocksDB's, block by block, past what is damaged.
//
// RocksDB reads a table up to the first block that is not whole, and shows no deletions; a repair needs the
// rest, and those. Format: block based, table_version, no compression, CRC-32C, which is how engine_options
// sets it up. Plain function; holds a block at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// RocksDB's format_version of every table that this program writes.
inline constexpr std::uint32_t table_version = 5;

/// A row as it stands in a file: one of its versions, or its deletion.
struct file_row {
  std::string_view key;
  std::uint64_t sequence = 0; ///< greater is later
  bool gone = false;          ///< a deletion, and no value
  std::string_view value;
};

using row_taker = std::function<void(const file_row&)>;

/// Keys between which a block that can't be read had all of its own; both included.
struct key_range {
  std::string first, last;
};

struct table_look {
  std::string flaw;       ///< what is wrong with it, for people; empty: it is whole
  bool has_index = false; ///< all that is missing lies in `lost`
  std::uint64_t blocks = 0, blocks_lost = 0;
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> rows_lost; ///< nothing: the table does not say how many it had
  std::vector<key_range> lost;
};

/// Gives `take` every row that can be read whole.
table_look read_table(const std::filesystem::path& file, const row_taker& take);

} // namespace lmq
