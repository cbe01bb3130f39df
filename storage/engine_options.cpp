#include "storage/engine_options.hpp"

#include "storage/deletion_share.hpp"
#include "storage/table_file.hpp"

#include <algorithm>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

namespace lmq {

namespace {

/// Of one table, about. Units: bytes
constexpr std::uint64_t table_bytes_min = 256UL << 10, table_bytes_max = 64UL << 20;

/// Of a deeper level, in one merge; about.
constexpr std::uint64_t tables_at_a_time = 8;

} // namespace

void engine_watch::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  if (error->severity() == rocksdb::Status::kSoftError) {
    if (error->IsNoSpace())
      out_of_room_ = true;
    return;
  }
  std::lock_guard lock(mutex_);
  if (!error_)
    error_ = *error;
  failed_ = true;
}

void engine_watch::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error,
                                        bool* recovers) {
  error.PermitUncheckedError();
  // It would sync again what failed to sync; what the disk has then nobody knows. Of a merge that found no
  // room we decide when it is tried again.
  *recovers = false;
}

void engine_watch::OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) {
  ++flushes_;
}

std::optional<rocksdb::Status> engine_watch::error() const {
  if (!failed_)
    return std::nullopt;
  std::lock_guard lock(mutex_);
  return error_;
}

rocksdb::Options engine_options(const store_options& options, std::shared_ptr<engine_watch> watch) {
  rocksdb::Options o;
  if (options.env != nullptr)
    o.env = options.env;
  o.listeners.push_back(std::move(watch));

  // The promise: synced is stored, and nothing that fails is tried again as if it had not.
  o.paranoid_checks = true;
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.max_bgerror_resume_count = 0;
  o.max_total_wal_size = 256UL << 20;
  o.manual_wal_flush = false;
  o.recycle_log_file_num = 0;
  o.unordered_write = false;
  o.two_write_queues = false;
  o.enable_pipelined_write = false;
  o.allow_mmap_writes = false;
  o.wal_compression = rocksdb::kNoCompression;
  o.avoid_flush_during_recovery = false;
  o.best_efforts_recovery = false;
  o.WAL_ttl_seconds = 0;
  o.WAL_size_limit_MB = 0;
  o.verify_sst_unique_id_in_manifest = true;
  o.skip_checking_sst_file_sizes_on_db_open = false;

  // What is deleted leaves the disk soon: a file of which half is deletions is merged with what lies below
  // it.
  o.table_properties_collector_factories.push_back(new_deletion_share());
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kNoCompression; // bodies are what clients sent, often compressed already

  o.write_buffer_size = options.write_buffer_bytes;
  o.max_write_buffer_number = 3;
  // On a small disk merges are small, too: they take the room of what they write before they give any back.
  o.target_file_size_base =
    std::clamp<std::uint64_t>(options.write_buffer_bytes, table_bytes_min, table_bytes_max);
  o.max_bytes_for_level_base = 4 * o.target_file_size_base;
  o.max_compaction_bytes = tables_at_a_time * o.target_file_size_base;
  o.max_background_jobs = 2;
  o.bytes_per_sync = 1UL << 20; // spreads what the disk has to do for a large file
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  table.checksum = rocksdb::kCRC32c; // which storage/table_file.cpp can check by itself
  table.format_version = table_version;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

store_error damaged(const std::filesystem::path& directory, const std::string& what) {
  return {store_error::kind::damaged, "the data directory " + directory.string() + " is damaged: " + what +
                                        "; nothing was changed; lmq repair --data-dir " + directory.string() +
                                        " --to NEWDIR salvages what is whole"};
}

store_error error_of(const rocksdb::Status& status, const std::filesystem::path& directory) {
  using kind = store_error::kind;
  auto words = status.ToString();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit)
    return {kind::no_space, "the disk of the data directory " + directory.string() + " is full: " + words};
  if (words.find("Permission denied") != std::string::npos)
    return {kind::no_access, "no access to the data directory " + directory.string() + ": " + words};
  if (status.IsCorruption())
    return {kind::damaged, "the data directory " + directory.string() + " is damaged: " + words +
                             "; lmq repair --data-dir " + directory.string() +
                             " --to NEWDIR salvages what is whole"};
  return {kind::io, "the data directory " + directory.string() + " failed: " + words};
}

store_error reading_error_of(const rocksdb::Status& status, const std::filesystem::path& directory) {
  auto said = error_of(status, directory);
  bool of_the_disk =
    status.IsIOError() && !status.IsPathNotFound() && said.sentence.find("No such file") == std::string::npos;
  if (said.what == store_error::kind::no_access || said.what == store_error::kind::no_space || of_the_disk)
    return said;
  return damaged(directory, status.ToString());
}

} // namespace lmq
