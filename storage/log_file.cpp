#include "storage/log_file.hpp"

#include "storage/bytes.hpp"
#include "storage/crc32c.hpp"
#include "storage/format.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <rocksdb/write_batch.h>
#include <string_view>
#include <vector>

namespace lmq {

namespace {

constexpr std::size_t block_bytes = 32768, header_bytes = 7, batch_header_bytes = 12;

enum record_type : std::uint8_t { is_nothing = 0, is_full = 1, is_first = 2, is_middle = 3, is_last = 4 };

struct change {
  std::string key, value;
  bool gone;
};

/// A batch's rows, which count only if all of it is understood.
class batch_rows : public rocksdb::WriteBatch::Handler {
public:
  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    changes.push_back({key.ToString(), value.ToString(), false});
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice& key) override {
    changes.push_back({key.ToString(), {}, true});
    return rocksdb::Status::OK();
  }
  rocksdb::Status SingleDeleteCF(std::uint32_t id, const rocksdb::Slice& key) override {
    return DeleteCF(id, key);
  }

  std::vector<change> changes;
};

class log_reader {
public:
  log_reader(const std::function<void(std::optional<std::uint64_t>)>& batch, const row_taker& take)
      : batch_(batch), take_(take) {}

  /// One block, or what there is of the last one.
  void take_block(std::string_view block) {
    while (block.size() >= header_bytes) {
      auto length = static_cast<std::size_t>(little_endian(block.substr(4, 2)));
      auto type = static_cast<std::uint8_t>(block[6]);
      if (type == is_nothing && length == 0) {
        // Room that was given to the file and never written; or zeros over what was.
        bool all_zero = std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
        if (!all_zero)
          unread(block.size());
        return;
      }
      if (length > block.size() - header_bytes)
        return unread(block.size());
      auto record = block.substr(0, header_bytes + length);
      block.remove_prefix(record.size());
      if (little_endian(record.substr(0, 4)) != stored_crc32c(record.substr(6)))
        unread(record.size());
      else
        take_record(type, record.substr(header_bytes));
    }
    // Less than a header is filled with zeros.
  }

  void end() {
    if (!begun_.empty() || in_record_)
      unread(0);
  }

  log_look look;

private:
  void unread(std::size_t bytes) {
    look.bytes_unread += bytes + begun_.size();
    look.unread_at_end = true;
    begun_.clear();
    in_record_ = false;
  }

  void take_record(std::uint8_t type, std::string_view text) {
    bool begins = type == is_full || type == is_first;
    bool goes_on = type == is_middle || type == is_last;
    if (!begins && !goes_on)
      return unread(text.size());
    if (begins && in_record_)
      unread(0);
    if (goes_on && !in_record_)
      return unread(text.size());
    begun_.append(text);
    in_record_ = type == is_first || type == is_middle;
    if (!in_record_)
      take_batch();
  }

  void take_batch() {
    auto text = std::exchange(begun_, {});
    auto bytes = text.size();
    if (bytes < batch_header_bytes)
      return unread(bytes);
    auto sequence = little_endian(std::string_view(text).substr(0, 8));
    rocksdb::WriteBatch batch(std::move(text));
    batch_rows rows;
    if (!batch.Iterate(&rows).ok())
      return unread(bytes);
    look.unread_at_end = false;
    if (rows.changes.empty())
      return; // with such a one RocksDB begins a log after a torn tail
    ++look.batches;
    const auto& first = rows.changes.front();
    std::optional<std::uint64_t> number;
    if (first.key == format::key_of(format::row::batch) && !first.gone)
      if (auto n = format::decode_number(first.value))
        number = *n;
    batch_(number);
    for (const auto& c : rows.changes)
      take_({c.key, sequence++, c.gone, c.value});
  }

  const std::function<void(std::optional<std::uint64_t>)>& batch_;
  const row_taker& take_;
  std::string begun_; ///< of a batch that lies in several records
  bool in_record_ = false;
};

} // namespace

log_look read_log(const std::filesystem::path& path,
                  const std::function<void(std::optional<std::uint64_t>)>& batch, const row_taker& take) {
  log_reader reader(batch, take);
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    reader.look.flaw = "it can't be opened";
    return reader.look;
  }
  std::vector<char> block(block_bytes);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (file.gcount() > 0)
      reader.take_block({block.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad())
    reader.look.flaw = "the disk does not give all of it";
  reader.end();
  return reader.look;
}

} // namespace lmq
