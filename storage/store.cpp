#include "storage/store.hpp"

#include "core/log_value.hpp"
#include "storage/directory.hpp"
#include "storage/engine_log.hpp"
#include "storage/engine_options.hpp"
#include "storage/log_numbers.hpp"
#include "storage/recovery.hpp"
#include "storage/store_parts.hpp"
#include "storage/synced_mark.hpp"
#include "storage/zero_filled_logs.hpp"

#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace lmq {

namespace fs = std::filesystem;

namespace {

std::uint64_t system_wall_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(std::max<milliseconds::rep>(
    duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(), 0));
}

store_error io_error(const fs::path& file) {
  return {errno == ENOSPC ? store_error::kind::no_space : store_error::kind::io,
          "can't write " + file.string() + ": " + std::strerror(errno)};
}

/// So many tables that were not merged yet are enough.
constexpr std::size_t unmerged_tables_max = 8;

/// What the engine writes at an opening beside messages, at most. Units: bytes
constexpr std::uint64_t opening_bytes = 512UL * 1024;

/// An opening makes tables of what is in the logs. The engine must not find out for itself that there is no
/// room for them.
tl::expected<void, store_error> check_room(const fs::path& directory, const recovered& all) {
  std::uint64_t in_logs = 0, messages = 0;
  std::error_code e;
  for (fs::directory_iterator it(directory, e), end; !e && it != end; it.increment(e))
    if (std::error_code gone; it->path().extension() == ".log")
      if (auto size = it->file_size(gone); !gone)
        in_logs += size;
  for (const auto& [name, q] : all.state.queues)
    for (const auto& m : q.messages)
      messages += memory_bytes(m.content) + away_bytes(m.content);
  // Of what is gone only its name goes into the tables.
  auto needed = opening_bytes + std::min(in_logs, messages + in_logs / 4);
  if (auto free = free_bytes_at(directory); free < needed)
    return tl::unexpected(store_error{
      store_error::kind::no_space,
      fmt::format("the disk of the data directory {} is full: to open it takes {} bytes, and {} are "
                  "free; make room there, and start again; nothing was changed",
                  directory.string(), needed, free)});
  return {};
}

tl::expected<recovered, store_error> read_what_is_there(const rocksdb::Options& engine,
                                                        const fs::path& directory, std::uint64_t wall_ms,
                                                        std::size_t body_bytes_max) {
  auto look = look_into(directory);
  if (!look)
    return tl::unexpected(look.error());
  auto synced = synced_mark::read(directory / synced_file_name);
  switch (look->what) {
  case directory_contents::nothing: {
    recovered none;
    none.is_new = true;
    return none;
  }
  case directory_contents::foreign:
    return tl::unexpected(
      store_error{store_error::kind::no_access,
                  directory.string() + " is no data directory: it has a file " + look->example});
  case directory_contents::remains:
    return tl::unexpected(damaged(directory, "there is " + look->example + ", and no file CURRENT"));
  case directory_contents::database: break;
  }
  auto reader = directory_reader::open(engine, directory, synced);
  if (!reader)
    return tl::unexpected(reader.error());
  auto all = reader->read(wall_ms, body_bytes_max);
  if (!all)
    return tl::unexpected(all.error());
  if (!synced && !all->is_new)
    all->remarks.push_back(
      "storage.no_witness file=" + log_value((directory / synced_file_name).string()) +
      " what=\"missing or damaged: a loss at the logs' end would not have been noticed\"");
  return std::move(*all);
}

} // namespace

std::uint64_t free_bytes_at(const fs::path& directory) {
  struct statvfs of {};
  if (::statvfs(directory.c_str(), &of) != 0)
    return 0;
  return static_cast<std::uint64_t>(of.f_bavail) * of.f_frsize;
}

store::parts::parts(store_options given, directory_lock held, synced_mark mark)
    : options(std::move(given)),
      lock(std::move(held)),
      synced(std::move(mark)),
      spare(options.directory / ballast_file_name, options.ballast_bytes) {}

store::parts::~parts() = default;

tl::expected<store::opened, store_error> store::open(const store_options& given) {
  auto options = given;
  if (!options.wall_ms)
    options.wall_ms = system_wall_ms;
  const auto& directory = options.directory;
  if (auto made = make_directory(directory); !made)
    return tl::unexpected(made.error());
  // Only what is ours is locked: a directory of somebody else's gets no file.
  if (auto look = look_into(directory); look && look->what == directory_contents::foreign)
    return tl::unexpected(
      store_error{store_error::kind::no_access,
                  directory.string() + " is no data directory: it has a file " + look->example});
  auto lock = directory_lock::take(directory);
  if (!lock)
    return tl::unexpected(lock.error());

  auto watch = std::make_shared<engine_watch>();
  auto engine = engine_options(options, watch);
  auto all = read_what_is_there(engine, directory, options.wall_ms(), options.body_bytes_max);
  if (!all)
    return tl::unexpected(all.error());

  auto mark_file = directory / synced_file_name;
  if (::access(mark_file.c_str(), R_OK | W_OK) != 0 && errno != ENOENT)
    return tl::unexpected(io_error(mark_file));
  ballast{directory / ballast_file_name, 0}; // its space is for this
  if (auto room = check_room(directory, *all); !room)
    return tl::unexpected(room.error());
  rocksdb::DB* db = nullptr;
  // What was left out of what was read is left out of what is written on.
  auto replayed = std::make_unique<log_numbers>(log_numbers::use::replay, all->tables_end, all->synced);
  engine.wal_filter = replayed.get();
  auto files = zero_filled_logs::over(engine.env, options.write_buffer_bytes);
  engine.env = files.get();
  engine.create_if_missing = all->is_new;
  engine.info_log = std::make_shared<engine_log>(directory);
  if (auto status = rocksdb::DB::Open(engine, directory.string(), &db); !status.ok())
    return tl::unexpected(error_of(status, directory));
  std::unique_ptr<rocksdb::DB> owned(db);
  auto mark = synced_mark::open(mark_file);
  if (!mark)
    return tl::unexpected(io_error(mark_file));

  auto p = std::make_unique<parts>(options, std::move(*lock), std::move(*mark));
  p->watch = std::move(watch);
  p->files = std::move(files);
  p->replayed = std::move(replayed);
  p->db = std::move(owned);
  p->take_up(*all);
  if (auto begun = p->begin(*all); !begun)
    return tl::unexpected(begun.error());
  // The mark's own existence is made to last, once.
  if (!p->synced.sync() || !sync_directory(directory))
    return tl::unexpected(io_error(mark_file));
  return opened{store(std::move(p)), std::move(all->state), std::move(all->remarks)};
}

store::store(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
store::store(store&&) noexcept = default;
store& store::operator=(store&&) noexcept = default;
store::~store() = default;

tl::expected<void, store_error> store::write(const std::vector<store_batch>& batches) {
  return parts_->write(batches, parts::when::now);
}

tl::expected<void, store_error> store::write_ahead(const std::vector<store_batch>& batches) {
  return parts_->write(batches, parts::when::later);
}

tl::expected<std::optional<message>, store_error> store::read(const std::string& queue, message_id id) const {
  auto number = parts_->queue_id(queue);
  if (!number)
    return std::nullopt;
  rocksdb::PinnableSlice value;
  auto status =
    parts_->db->Get({}, parts_->db->DefaultColumnFamily(), format::message_key(*number, id), &value);
  if (status.IsNotFound())
    return std::nullopt;
  if (!status.ok())
    return tl::unexpected(error_of(status, parts_->options.directory));
  auto m = format::decode_message(id, value.ToStringView());
  if (!m)
    return tl::unexpected(
      store_error{store_error::kind::damaged, "a message in " + parts_->options.directory.string() +
                                                " can't be read; lmq repair salvages what is whole"});
  return std::move(m->content);
}

std::uint64_t store::disk_bytes() const {
  std::uint64_t bytes = 0;
  std::error_code e;
  for (fs::directory_iterator it(parts_->options.directory, e), end; !e && it != end; it.increment(e)) {
    std::error_code gone; // files come and go meanwhile
    if (auto size = it->file_size(gone); !gone)
      bytes += size;
  }
  return bytes;
}

std::uint64_t store::free_bytes() const {
  return free_bytes_at(parts_->options.directory);
}

space_figures store::parts::space() const {
  space_figures there;
  there.free = free_bytes_at(options.directory);
  there.ballast = spare.bytes();
  there.ballast_taken = spare.taken();
  std::uint64_t deletions = 0;
  db->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &there.unflushed);
  db->GetIntProperty(rocksdb::DB::Properties::kNumDeletesActiveMemTable, &deletions);
  there.deletions_unflushed = deletions > 0;
  there.merges_stopped = watch->out_of_room();
  // The newest tables are merged with all of the first level below them, deeper ones a few at a time.
  rocksdb::ColumnFamilyMetaData tables;
  db->GetColumnFamilyMetaData(&tables);
  std::uint64_t first = 0;
  for (const auto& level : tables.levels)
    if (level.level == 0) {
      there.merging += level.size;
      there.merges_wait = level.files.size() >= unmerged_tables_max;
    } else if (first == 0) {
      first = level.size;
    }
  there.merging =
    std::max(there.merging + first, std::min<std::uint64_t>(tables.size, 8 * options.write_buffer_bytes));
  return there;
}

space_figures store::space(bool with_used) const {
  auto there = parts_->space();
  if (with_used)
    there.used = disk_bytes();
  return there;
}

bool store::take_ballast() const {
  return !parts_->spare.taken() && parts_->spare.take();
}

bool store::give_ballast_back() const {
  return parts_->spare.give_back();
}

void store::resume_merges() const {
  parts_->watch->has_room();
  parts_->db->Resume().PermitUncheckedError(); // what still finds no room, the watch is told
}

void store::flush_soon() const {
  rocksdb::FlushOptions soon;
  soon.wait = false;
  soon.allow_write_stall = true;
  parts_->db->Flush(soon).PermitUncheckedError(); // what fails there, the watch is told
}

} // namespace lmq
