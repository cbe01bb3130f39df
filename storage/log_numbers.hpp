// The numbers of the batches in the engine's logs, noted while it reads them.
//
// RocksDB calls the filter for each record of a log that it replays, in their order, on the thread that
// opens.
#pragma once

#include <cstdint>
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

  explicit log_numbers(use what) noexcept : use_(what) {}

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

private:
  void note(const std::string& file, const rocksdb::WriteBatch& batch);

  use use_;
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
