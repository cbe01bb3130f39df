#include "storage/log_numbers.hpp"

#include "storage/format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <rocksdb/write_batch.h>
#include <string_view>

namespace lmq {

namespace {

/// Every batch begins with its number, so that the first row is enough.
class first_row : public rocksdb::WriteBatch::Handler {
public:
  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    if (key.ToStringView() == format::key_of(format::row::batch))
      if (auto n = format::decode_number(value.ToStringView()))
        number = *n;
    seen_ = true;
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return other(); }
  rocksdb::Status SingleDeleteCF(std::uint32_t, const rocksdb::Slice&) override { return other(); }
  bool Continue() override { return !seen_; }

  std::optional<std::uint64_t> number;

private:
  rocksdb::Status other() {
    seen_ = true;
    return rocksdb::Status::OK();
  }

  bool seen_ = false;
};

} // namespace

/// Batches before it are missing, and none of those that were synced.
bool log_numbers::is_behind_what_was_synced(std::uint64_t number) const noexcept {
  auto end = any_ ? std::max(last_, tables_end_) : tables_end_;
  return whole_ && synced_ && end >= *synced_ && number > end + 1;
}

void log_numbers::note(const std::string& file, const rocksdb::WriteBatch& batch) {
  first_row row;
  auto status = batch.Iterate(&row);
  if (status.ok() && row.number && is_behind_what_was_synced(*row.number)) {
    left_out_ = row.number;
    return;
  }
  if (!whole_ || !status.ok() || !row.number || (any_ && *row.number != last_ + 1)) {
    whole_ = false;
    return;
  }
  last_ = *row.number;
  if (!any_)
    first_ = last_;
  any_ = true;
  file_ = std::filesystem::path(file).filename().string();
}

log_numbers::WalProcessingOption log_numbers::LogRecordFound(unsigned long long, const std::string& file,
                                                             const rocksdb::WriteBatch& batch,
                                                             rocksdb::WriteBatch*, bool*) {
  // RocksDB begins a log with an empty record after it has dropped a torn tail.
  if (batch.Count() > 0)
    note(file, batch);
  if (left_out_)
    return WalProcessingOption::kStopReplay;
  return use_ == use::replay ? WalProcessingOption::kContinueProcessing
                             : WalProcessingOption::kIgnoreCurrentRecord;
}

void dropped_bytes::Logv(const char* format, va_list arguments) {
  std::array<char, 1024> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  if (std::string_view(line.data()).find("dropping") != std::string_view::npos)
    lines.emplace_back(line.data());
}

} // namespace lmq
