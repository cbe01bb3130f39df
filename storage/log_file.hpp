// A log of RocksDB's, batch by batch, past what is damaged.
//
// RocksDB stops at the first record that is not whole; a repair needs what comes behind. Plain function;
// holds a batch at a time.
#pragma once

#include "storage/table_file.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace lmq {

struct log_look {
  std::string flaw; ///< why it could not be read at all; empty: it could
  std::uint64_t batches = 0;
  std::uint64_t bytes_unread = 0; ///< that belong to no batch which is whole
  bool unread_at_end = false; ///< the last of them come last: a torn tail, or the end of the log is damaged
};

/// @param batch  called before a batch's rows, with its number; nothing: it has none, or was not written by
/// us
/// @param take   every row of every batch that is whole
log_look read_log(const std::filesystem::path& file,
                  const std::function<void(std::optional<std::uint64_t>)>& batch, const row_taker& take);

} // namespace lmq
