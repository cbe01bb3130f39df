// store: batches become rows, and rows are synced.
#include "storage/format.hpp"
#include "storage/store_parts.hpp"

#include <algorithm>
#include <array>

namespace lmq {

namespace {

/// Tables smaller than this are not worth a flush that makes room. Units: bytes
constexpr std::uint64_t worth_giving_back = 16UL << 20;
constexpr auto flush_after = std::chrono::seconds(60);
constexpr int fruitless_flushes_max = 32;

/// Free space of as many write buffers is no reason to look closer.
constexpr std::uint64_t ample_buffers = 8;

void put(rocksdb::WriteBatch& rows, const std::string& key, const std::string& value) {
  rows.Put(key, value).PermitUncheckedError(); // fails only where a limit on its size was asked for
}

void put_message(rocksdb::WriteBatch& rows, std::uint32_t queue, const stored_message& m) {
  auto key = format::message_key(queue, m.id);
  auto head = format::message_head(m);
  std::array key_parts{rocksdb::Slice(key)};
  std::array value_parts{rocksdb::Slice(head), rocksdb::Slice(m.content.content.body())};
  rows
    .Put(rocksdb::SliceParts(key_parts.data(), key_parts.size()),
         rocksdb::SliceParts(value_parts.data(), value_parts.size()))
    .PermitUncheckedError();
}

void remove(rocksdb::WriteBatch& rows, const std::string& key) {
  rows.Delete(key).PermitUncheckedError();
}

} // namespace

void store::parts::take_up(const recovered& from) {
  queues = from.queues;
  next_queue = from.next_queue;
  last_batch = from.last_batch;
  messages = from.messages;
}

tl::expected<void, store_error> store::parts::begin(const recovered& from) {
  auto rows = begin_batch();
  format::directory_mark mark{format::directory_version, options.program};
  if (from.is_new || from.mark != mark)
    put(rows, format::key_of(format::row::directory), format::directory_value(mark));
  if (from.is_new)
    put(rows, format::key_of(format::row::next_queue), format::number_value(next_queue));
  for (const auto& key : from.left_over)
    remove(rows, key);
  return commit(rows, when::now);
}

std::optional<std::uint32_t> store::parts::queue_id(const std::string& name) const {
  std::shared_lock held(queues_mutex);
  auto it = queues.find(name);
  return it == queues.end() ? std::nullopt : std::optional(it->second);
}

std::uint32_t store::parts::queue_id_or_new(const std::string& name, rocksdb::WriteBatch& rows) {
  if (auto it = queues.find(name); it != queues.end())
    return it->second;
  auto id = next_queue++;
  put(rows, format::queue_key(id), format::text_value(name));
  put(rows, format::key_of(format::row::next_queue), format::number_value(next_queue));
  std::unique_lock held(queues_mutex);
  queues.emplace(name, id);
  return id;
}

rocksdb::WriteBatch store::parts::begin_batch() const {
  rocksdb::WriteBatch rows;
  put(rows, format::key_of(format::row::batch), format::number_value(last_batch + 1));
  return rows;
}

void store::parts::add(const stored_queue_change& q, std::uint64_t wall_ms, rocksdb::WriteBatch& rows) {
  if (q.messages.empty() && q.units.empty() && queues.count(q.queue) == 0)
    return; // what is gone of a queue that has nothing is gone
  auto queue = queue_id_or_new(q.queue, rows);
  for (auto id : q.gone_units)
    remove(rows, format::unit_key(queue, id));
  // Of one Put each, so that neither is left when they meet.
  for (auto id : q.gone_messages)
    rows.SingleDelete(format::message_key(queue, id)).PermitUncheckedError();
  for (const auto& m : q.messages)
    put_message(rows, queue, m);
  for (const auto& u : q.units)
    put(rows, format::unit_key(queue, u.unit), format::unit_value(u, wall_ms));
  messages += q.messages.size();
  messages -= std::min<std::uint64_t>(messages, q.gone_messages.size());
  gone_since_flush += q.gone_messages.size();
}

void store::parts::add(const store_batch& b, std::uint64_t wall_ms, rocksdb::WriteBatch& rows) {
  for (const auto& q : b.queues)
    add(q, wall_ms, rows);
  for (const auto& [incarnation, intervals] : b.context)
    if (intervals.empty())
      remove(rows, format::context_key(incarnation));
    else
      put(rows, format::context_key(incarnation), format::context_value(intervals));
  for (const auto& [name, text] : b.notes)
    if (text.empty())
      remove(rows, format::note_key(name));
    else
      put(rows, format::note_key(name), format::text_value(text));
}

tl::expected<void, store_error> store::parts::write(const std::vector<store_batch>& batches, when on_disk) {
  if (broken)
    return tl::unexpected(*broken);
  auto rows = begin_batch();
  auto wall_ms = options.wall_ms();
  for (const auto& b : batches)
    add(b, wall_ms, rows);
  return commit(rows, on_disk);
}

tl::expected<void, store_error> store::parts::commit(rocksdb::WriteBatch& rows, when on_disk) {
  auto fail = [this](const rocksdb::Status& status) {
    broken = error_of(status, options.directory);
    return tl::unexpected(*broken);
  };
  if (auto error = watch->error())
    return fail(*error);
  make_sure_of_room(rows.GetDataSize());
  rocksdb::WriteOptions how;
  how.sync = on_disk == when::now; // and with it all logs that were not synced
  if (auto status = db->Write(how, &rows); !status.ok())
    return fail(status);
  ++last_batch;
  if (on_disk == when::later)
    return {};
  // An error of before the sync may have left out what it synced.
  if (auto error = watch->error())
    return fail(*error);
  last_synced = last_batch;
  if (!synced.write(last_batch)) {
    broken =
      store_error{store_error::kind::io, "can't write " + (options.directory / synced_file_name).string()};
    return tl::unexpected(*broken);
  }
  give_space_back();
  return {};
}

/// The disk must not be found full by a write: what was written then nobody knows.
void store::parts::make_sure_of_room(std::uint64_t bytes) {
  if (!spare.taken() ||
      free_bytes_at(options.directory) >= bytes + ample_buffers * options.write_buffer_bytes)
    return;
  if (space_rules::needs_ballast(space(), bytes))
    spare.give_back();
}

void store::parts::give_space_back() {
  if (auto flushes = watch->flushes(); flushes != flushes_seen) {
    flushes_seen = flushes;
    flushed_at = steady_clock::now();
    gone_since_flush = 0;
  }
  // Deletions free space when they are merged with what they delete, and for that they have to reach the
  // tables. A queue that is drained and then left alone would never get there by itself.
  // Where much else stays, how much space a deletion frees is not known: then a flush now and then does it.
  auto now = steady_clock::now();
  bool long_ago = now - flushed_at >= flush_after;
  if (gone_since_flush == 0 || (gone_since_flush < messages && !long_ago))
    return;
  std::uint64_t table_bytes = 0;
  if (!db->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &table_bytes) ||
      table_bytes < worth_giving_back)
    return;
  // What fills the tables may be what is there, and not what is gone.
  bool fruitful = table_bytes < table_bytes_before / 4 * 3;
  if (!fruitful && !long_ago && ++fruitless_flushes > fruitless_flushes_max)
    return;
  if (fruitful || long_ago)
    fruitless_flushes = 0;
  if (fruitful || table_bytes > table_bytes_before)
    table_bytes_before = table_bytes;
  gone_since_flush = 0;
  flushed_at = now;
  rocksdb::FlushOptions soon;
  soon.wait = false;
  soon.allow_write_stall = true;
  db->Flush(soon).PermitUncheckedError(); // what fails there, the watch is told
}

} // namespace lmq
