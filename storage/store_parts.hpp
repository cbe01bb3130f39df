// What an open store holds, for the files that it is written in: store.cpp opens and reads, store_write.cpp
// writes, store_copy.cpp copies.
#pragma once

#include "storage/ballast.hpp"
#include "storage/directory.hpp"
#include "storage/engine_options.hpp"
#include "storage/log_numbers.hpp"
#include "storage/recovery.hpp"
#include "storage/store.hpp"
#include "storage/synced_mark.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <shared_mutex>
#include <string>

namespace lmq {

/// On the directory's file system, for this user. Units: bytes
std::uint64_t free_bytes_at(const std::filesystem::path& directory);

struct store::parts {
  parts(store_options given, directory_lock held, synced_mark mark);
  ~parts();

  /// Goes on from what was read.
  void take_up(const recovered& from);

  /// The first batch of this opening: says who writes, and removes what nothing needs.
  tl::expected<void, store_error> begin(const recovered& from);

  /// When rows are to be on the disk.
  enum class when : std::uint8_t { now, later };

  tl::expected<void, store_error> write(const std::vector<store_batch>& batches, when on_disk);

  /// Any thread.
  std::optional<std::uint32_t> queue_id(const std::string& name) const;

  // On the thread that writes.
  rocksdb::WriteBatch begin_batch() const;
  tl::expected<void, store_error> commit(rocksdb::WriteBatch& rows, when on_disk);
  void add(const store_batch& b, std::uint64_t wall_ms, rocksdb::WriteBatch& rows);
  void add(const stored_queue_change& q, std::uint64_t wall_ms, rocksdb::WriteBatch& rows);
  std::uint32_t queue_id_or_new(const std::string& name, rocksdb::WriteBatch& rows);
  void give_space_back();
  void make_sure_of_room(std::uint64_t bytes);
  space_figures space() const;

  store_options options;
  directory_lock lock; ///< ends after the database
  std::shared_ptr<engine_watch> watch;
  // Of the database's, which end after it.
  std::unique_ptr<rocksdb::Env> files;
  std::unique_ptr<log_numbers> replayed;
  std::unique_ptr<rocksdb::DB> db;
  synced_mark synced;
  mutable ballast spare;

  mutable std::shared_mutex queues_mutex; ///< the writing thread reads without it
  std::map<std::string, std::uint32_t> queues;
  std::uint32_t next_queue = 1;

  std::uint64_t last_batch = 0;
  std::atomic<std::uint64_t> last_synced = 0;
  std::uint64_t messages = 0;         ///< that are there
  std::uint64_t gone_since_flush = 0; ///< messages
  std::uint64_t flushes_seen = 0;
  std::uint64_t table_bytes_before = 0; ///< since when flushes to make room have made none
  int fruitless_flushes = 0;
  time_point flushed_at = steady_clock::now(); ///< about
  std::optional<store_error> broken;           ///< nothing may be written any more
};

} // namespace lmq
