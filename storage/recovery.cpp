#include "storage/recovery.hpp"

#include "core/log_value.hpp"
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
                                                std::uint64_t wall_ms, std::size_t body_bytes_max) {
  rocksdb::ReadOptions all;
  all.verify_checksums = true;
  all.fill_cache = false;
  all.readahead_size = 2UL << 20;
  row_reader rows(wall_ms, body_bytes_max);
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

struct directory_reader::parts {
  parts(std::filesystem::path of, std::uint64_t in_tables, std::optional<std::uint64_t> synced)
      : directory(std::move(of)),
        logs(log_numbers::use::replay, in_tables, synced),
        tables_end(in_tables),
        known_synced(synced) {}

  std::filesystem::path directory;
  log_numbers logs;
  std::shared_ptr<dropped_bytes> notes = std::make_shared<dropped_bytes>();
  std::uint64_t tables_end = 0, end = 0; ///< the last batch in the tables, and of all
  std::optional<std::uint64_t> known_synced;
  database db;
};

directory_reader::directory_reader(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
directory_reader::directory_reader(directory_reader&&) noexcept = default;
directory_reader& directory_reader::operator=(directory_reader&&) noexcept = default;
directory_reader::~directory_reader() = default;

tl::expected<directory_reader, store_error> directory_reader::open(const rocksdb::Options& engine,
                                                                   const std::filesystem::path& directory,
                                                                   std::optional<std::uint64_t> synced) {
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
  auto p = std::make_unique<parts>(directory, tables_end, synced);
  const auto& logs = p->logs;
  auto db = open_to_read(engine, directory, p->logs, p->notes);
  if (!db)
    return tl::unexpected(reading_error_of(db.error(), directory));
  if (auto gap = gap_in(logs, tables_end); !gap.empty())
    return tl::unexpected(damaged(directory, gap));
  auto end = std::max(tables_end, logs.last());
  if (synced && end < *synced)
    return tl::unexpected(
      damaged(directory, fmt::format("batches were stored up to {}, and are there up to {}{}", *synced, end,
                                     logs.file().empty() ? "" : "; the last is in " + logs.file())));
  p->end = end;
  p->db = std::move(*db);
  return directory_reader(std::move(p));
}

tl::expected<recovered, store_error> directory_reader::read(std::uint64_t wall_ms,
                                                            std::size_t body_bytes_max) {
  const auto& directory = parts_->directory;
  auto end = parts_->end;
  auto rows = read_rows(*parts_->db, directory, wall_ms, body_bytes_max);
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
  all->tables_end = parts_->tables_end;
  all->synced = parts_->known_synced;
  auto tell_torn_tail = [&](const std::string& what) {
    all->remarks.push_back("storage.torn_tail batch=" + std::to_string(end) + " what=" + log_value(what));
  };
  if (auto batch = parts_->logs.left_out())
    tell_torn_tail(fmt::format("batches behind it are missing, and {} was never synced", *batch));
  for (const auto& line : parts_->notes->lines)
    tell_torn_tail(line);
  return std::move(*all);
}

tl::expected<stored_message, store_error> directory_reader::message_of(std::uint32_t queue, message_id id) {
  rocksdb::ReadOptions once;
  once.verify_checksums = true;
  once.fill_cache = false;
  rocksdb::PinnableSlice value;
  auto status =
    parts_->db->Get(once, parts_->db->DefaultColumnFamily(), format::message_key(queue, id), &value);
  if (!status.ok())
    return tl::unexpected(reading_error_of(status, parts_->directory));
  auto m = format::decode_message(id, value.ToStringView());
  if (!m)
    return tl::unexpected(damaged(parts_->directory, "a message can't be read"));
  return std::move(*m);
}

} // namespace lmq
