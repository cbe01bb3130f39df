// The numbers of the batches in the engine's logs, noted while it reads them.
//
// RocksDB calls the filter for each record of a log that it replays, in their order, on the thread that
// opens. Behind a gap in what was never synced nothing is replayed: of such writes the disk may have the
// later one and not the earlier.
#pragma once

#include <cstdint>
#include <optional>
#include <rocksdb/env.h>
#include <rocksdb/wal_filter.h>
#include <string>
#include <vector>

namespace lmq {

class log_numbers : public rocksdb::WalFilter {
public:
  enum class use : std::uint8_t {
    look_only, ///< what the logs hold is not taken into the database
    replay
  };

  /// @param tables_end  the last batch that the tables have
  /// @param synced      the last batch that is known to have been synced; nothing: any gap is damage
  explicit log_numbers(use what, std::uint64_t tables_end = 0,
                       std::optional<std::uint64_t> synced = std::nullopt) noexcept
      : use_(what), tables_end_(tables_end), synced_(synced) {}

  WalProcessingOption LogRecordFound(unsigned long long log, const std::string& file,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch* new_batch,
                                     bool* changed) override;
  const char* Name() const override { return "lmq.log_numbers"; }

  bool any() const noexcept { return any_; }
  std::uint64_t first() const noexcept { return first_; }
  std::uint64_t last() const noexcept { return last_; }
  /// The file of the last record; empty: there was none.
  const std::string& file() const noexcept { return file_; }
  /// Numbers follow each other by one, and every record has one. If not: which comes after `last`.
  bool whole() const noexcept { return whole_; }
  /// The batch behind a gap in what was never synced; it and all after it were left out.
  std::optional<std::uint64_t> left_out() const noexcept { return left_out_; }

private:
  void note(const std::string& file, const rocksdb::WriteBatch& batch);
  bool is_behind_what_was_synced(std::uint64_t number) const noexcept;

  use use_;
  std::uint64_t tables_end_;
  std::optional<std::uint64_t> synced_;
  std::optional<std::uint64_t> left_out_;
  bool any_ = false;
  bool whole_ = true;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::string file_;
};

/// Keeps what the engine says of bytes that it leaves out.
class dropped_bytes : public rocksdb::Logger {
public:
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

  std::vector<std::string> lines;
};

} // namespace lmq
