#include "storage/recovery.hpp"

#include "storage/engine_options.hpp"
#include "storage/log_numbers.hpp"
#include "storage/row_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <rocksdb/db.h>

namespace lmq {

namespace {

using database = std::unique_ptr<rocksdb::DB>;

tl::expected<database, rocksdb::Status> open_to_read(rocksdb::Options engine, const std::string& directory,
                                                     rocksdb::WalFilter& filter,
                                                     std::shared_ptr<rocksdb::Logger> log) {
  engine.wal_filter = &filter;
  engine.info_log = std::move(log); // otherwise there is none
  engine.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly(engine, directory, &db);
  if (!status.ok())
    return tl::unexpected(status);
  return database(db);
}

tl::expected<std::uint64_t, rocksdb::Status> batch_number(rocksdb::DB& db) {
  std::string value;
  auto status = db.Get({}, format::key_of(format::row::batch), &value);
  if (status.IsNotFound())
    return 0;
  if (!status.ok())
    return tl::unexpected(status);
  auto number = format::decode_number(value);
  if (!number)
    return tl::unexpected(rocksdb::Status::Corruption("the batch number can't be read"));
  return *number;
}

/// What the logs lack between the tables' last batch and their own end; empty: nothing.
std::string gap_in(const log_numbers& logs, std::uint64_t tables_end) {
  if (!logs.whole())
    return fmt::format("behind batch {} in {} comes another than the next", logs.last(),
                       logs.file().empty() ? "the logs" : logs.file());
  if (logs.any() && logs.first() > tables_end + 1)
    return fmt::format("the logs begin with batch {}, and the tables end with {}", logs.first(), tables_end);
  return {};
}

tl::expected<row_reader, store_error> read_rows(rocksdb::DB& db, const std::filesystem::path& directory,
                                                std::uint64_t wall_ms) {
  rocksdb::ReadOptions all;
  all.verify_checksums = true;
  all.fill_cache = false;
  all.readahead_size = 2UL << 20;
  row_reader rows(wall_ms);
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(all));
  for (it->SeekToFirst(); it->Valid(); it->Next())
    if (auto taken = rows.take(it->key().ToStringView(), it->value().ToStringView()); !taken) {
      if (taken.error().why == format::flaw::newer)
        return tl::unexpected(
          store_error{store_error::kind::newer, "the data directory " + directory.string() +
                                                  " was written by a newer version: " + taken.error().what});
      return tl::unexpected(damaged(directory, taken.error().what));
    }
  if (!it->status().ok())
    return tl::unexpected(reading_error_of(it->status(), directory));
  return rows;
}

} // namespace

tl::expected<recovered, store_error> read_directory(const rocksdb::Options& engine,
                                                    const std::filesystem::path& directory,
                                                    std::optional<std::uint64_t> synced,
                                                    std::uint64_t wall_ms) {
  // Without the logs first: where the tables end shows whether the logs go on from there.
  std::uint64_t tables_end = 0;
  {
    log_numbers logs(log_numbers::use::look_only);
    auto db = open_to_read(engine, directory, logs, std::make_shared<dropped_bytes>());
    if (!db)
      return tl::unexpected(reading_error_of(db.error(), directory));
    auto number = batch_number(**db);
    if (!number)
      return tl::unexpected(reading_error_of(number.error(), directory));
    tables_end = *number;
  }
  log_numbers logs(log_numbers::use::replay);
  auto notes = std::make_shared<dropped_bytes>();
  auto db = open_to_read(engine, directory, logs, notes);
  if (!db)
    return tl::unexpected(reading_error_of(db.error(), directory));
  if (auto gap = gap_in(logs, tables_end); !gap.empty())
    return tl::unexpected(damaged(directory, gap));
  auto end = std::max(tables_end, logs.last());
  if (synced && end < *synced)
    return tl::unexpected(
      damaged(directory, fmt::format("batches were stored up to {}, and are there up to {}{}", *synced, end,
                                     logs.file().empty() ? "" : "; the last is in " + logs.file())));
  auto rows = read_rows(**db, directory, wall_ms);
  if (!rows)
    return tl::unexpected(rows.error());
  // It ended between the making of the files and the first batch.
  if (end == 0 && rows->has_seen_none()) {
    recovered none;
    none.is_new = true;
    return none;
  }
  auto all = rows->finish();
  if (!all)
    return tl::unexpected(damaged(directory, all.error().what));
  if (all->last_batch != end)
    return tl::unexpected(damaged(
      directory, fmt::format("the last batch is {}, and the logs end with {}", all->last_batch, end)));
  for (const auto& line : notes->lines)
    all->remarks.push_back("storage.torn_tail batch=" + std::to_string(end) + " what=\"" + line + '"');
  return std::move(*all);
}

} // namespace lmq
