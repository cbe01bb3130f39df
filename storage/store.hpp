// The data directory: rows on disk, in RocksDB. docs/protocol/storage-format.md is the format.
//
// Opening tells a torn tail from damage and refuses to open what is damaged: nothing is ever left out without
// a word. Writing is synchronous. Holds the database and the directory's lock. Owned by the journal, which
// alone writes, on its own thread; `read` and the sizes may be asked on any thread.
#pragma once

#include "core/stored.hpp"
#include "storage/space_rules.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace rocksdb {
class Env;
}

namespace lmq {

struct store_options {
  std::filesystem::path directory;
  rocksdb::Env* env = nullptr; ///< a file layer of a test's; null: the system's. Outlives the store
  /// Memory that the engine may take for its own purposes. Units: bytes
  std::size_t cache_bytes = 32UL * 1024 * 1024;
  std::size_t write_buffer_bytes = 64UL * 1024 * 1024;
  std::uint64_t ballast_bytes = 0;          ///< of the disk, held until it is full; see ballast.hpp
  std::size_t body_bytes_max = SIZE_MAX;    ///< of what is read at the opening; messages beyond come as away
  std::string program;                      ///< the version of the program that writes, for people
  std::function<std::uint64_t()> wall_ms{}; ///< since 1970; none: the system's clock
};

/// Why a directory can't be used, or a write failed, and what an operator does about it.
struct store_error {
  enum class kind : std::uint8_t {
    no_access, ///< permissions, a missing parent, no directory
    locked,    ///< another process has it
    newer,     ///< written by a newer version
    damaged,   ///< something is missing or altered: `lmq repair`
    no_space,  ///< the disk is full
    io         ///< anything else the system says
  };

  kind what = kind::io;
  std::string sentence; ///< for people: names the file or directory, and what to do
};

class store {
public:
  struct opened;

  /// Opens the directory, makes it if its parent exists, and reads what is there.
  ///
  /// Cost: reads all that is stored; 1 million messages of 100 bytes in less than 5 s
  /// Errors: store_error; nothing in the directory is changed then
  static tl::expected<opened, store_error> open(const store_options& options);

  store(store&&) noexcept;
  store& operator=(store&&) noexcept;
  ~store();

  /// Writes the batches as one, and syncs. Returns when they, and all before them, are on the disk.
  /// Errors: whatever is returned, the store is not to be written to again: what the disk holds is not known
  tl::expected<void, store_error> write(const std::vector<store_batch>& batches);

  /// Writes them as one and leaves them to the system, which loses them with the machine: the next `write`
  /// syncs them with its own. So most of the work is done when a sync is asked for.
  /// Errors: as `write`
  tl::expected<void, store_error> write_ahead(const std::vector<store_batch>& batches);

  /// A message as it was written; nothing: it is gone. Cost: a read of the disk, at worst
  tl::expected<std::optional<message>, store_error> read(const std::string& queue, message_id id) const;

  /// A whole and consistent copy in a directory that does not exist, while writing goes on. All that was
  /// written before is in it. Any thread, one at a time.
  /// Errors: nothing is left of it then
  tl::expected<void, store_error> copy_to(const std::filesystem::path& directory) const;

  /// What the directory takes on disk, about. Units: bytes
  std::uint64_t disk_bytes() const;

  /// Free space on the directory's file system, for this user. Units: bytes
  std::uint64_t free_bytes() const;

  // -- where space is short, see space_rules.hpp. Any thread.

  /// Cost: a look at the file system; with `used` at each file
  space_figures space(bool with_used) const;

  /// The ballast is taken by nobody but who asks for it, and may be given back by a write that needs its
  /// space.
  /// @returns whether anything has changed
  bool take_ballast() const;
  bool give_ballast_back() const;

  /// What is deleted reaches the tables, and what it took the disk, soon.
  void flush_soon() const;

  /// There is room: a merge that found none is tried again.
  void resume_merges() const;

private:
  struct parts;
  explicit store(std::unique_ptr<parts> p);

  std::unique_ptr<parts> parts_;
};

struct store::opened {
  lmq::store store;
  stored_state state;
  std::vector<std::string> remarks; ///< for the log: a torn tail that was dropped; events with their fields
};

} // namespace lmq
