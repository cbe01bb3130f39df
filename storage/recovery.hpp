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
#include <memory>
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
  std::uint64_t tables_end = 0;        ///< the last batch that is in the tables
  std::optional<std::uint64_t> synced; ///< what was known of it
  std::uint64_t messages = 0;
  format::directory_mark mark;
  std::vector<std::string> left_over; ///< keys that nothing needs any more
  std::vector<std::string> remarks;
};

/// An open directory, which stays as it is. Of whoever reads it; one thread.
class directory_reader {
public:
  /// @param engine   as for writing; the rest is set here
  /// @param synced   the last batch that is known to have been synced
  /// Errors: damaged, where batches are missing or files can't be understood; what the system says
  static tl::expected<directory_reader, store_error> open(const rocksdb::Options& engine,
                                                          const std::filesystem::path& directory,
                                                          std::optional<std::uint64_t> synced);

  directory_reader(directory_reader&&) noexcept;
  directory_reader& operator=(directory_reader&&) noexcept;
  ~directory_reader();

  /// Every row, checked.
  /// @param wall_ms         since 1970, now
  /// @param body_bytes_max  of all messages; those beyond come as away
  tl::expected<recovered, store_error> read(std::uint64_t wall_ms, std::size_t body_bytes_max = SIZE_MAX);

  /// One message whole.
  tl::expected<stored_message, store_error> message_of(std::uint32_t queue, message_id id);

private:
  struct parts;
  explicit directory_reader(std::unique_ptr<parts> p);

  std::unique_ptr<parts> parts_;
};

} // namespace lmq
