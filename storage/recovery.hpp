// Reads a directory without changing it: everything that is stored, or why it can't be trusted.
//
// A torn tail, which a power cut leaves and of which nobody was told that it is stored, is left out and
// remarked. Whatever else is missing or altered is damage. docs/protocol/storage-format.md, "Torn tail or
// damage".
#pragma once

#include "storage/format.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <rocksdb/options.h>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace lmq {

/// What a directory holds.
struct recovered {
  bool is_new = false; ///< nothing was ever written to it
  stored_state state;
  std::map<std::string, std::uint32_t> queues; ///< ids of those that have rows
  std::uint32_t next_queue = 1;
  std::uint64_t last_batch = 0;
  std::uint64_t messages = 0;
  format::directory_mark mark;
  std::vector<std::string> left_over; ///< keys that nothing needs any more
  std::vector<std::string> remarks;
};

/// @param engine   as for writing; the rest is set here
/// @param synced   the last batch that is known to have been synced
/// @param wall_ms  since 1970, now
tl::expected<recovered, store_error> read_directory(const rocksdb::Options& engine,
                                                    const std::filesystem::path& directory,
                                                    std::optional<std::uint64_t> synced,
                                                    std::uint64_t wall_ms);

} // namespace lmq
