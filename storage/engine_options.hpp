// How RocksDB is set up so that what it says it has stored is stored, and how it tells of its errors.
#pragma once

#include "storage/store.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <string>

namespace lmq {

/// Remembers the first error of the engine's own threads after which nothing may be written. Called by these,
/// asked by any.
class engine_watch : public rocksdb::EventListener {
public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* recovers) override;
  void OnFlushBegin(rocksdb::DB* db, const rocksdb::FlushJobInfo& info) override;

  std::optional<rocksdb::Status> error() const;

  /// A merge has found no room. Nothing is lost, and nothing is merged or flushed until the engine is told to
  /// go on.
  bool out_of_room() const noexcept { return out_of_room_; }
  void has_room() noexcept { out_of_room_ = false; }

  /// Flushes that have begun so far.
  std::uint64_t flushes() const noexcept { return flushes_; }

private:
  mutable std::mutex mutex_;
  std::optional<rocksdb::Status> error_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> out_of_room_ = false;
  std::atomic<std::uint64_t> flushes_ = 0;
};

rocksdb::Options engine_options(const store_options& options, std::shared_ptr<engine_watch> watch);

/// What the engine says, for people: the directory, its words, and what to do.
store_error error_of(const rocksdb::Status& status, const std::filesystem::path& directory);

/// The same where data are read that must be there: what is missing or not understood is damage.
store_error reading_error_of(const rocksdb::Status& status, const std::filesystem::path& directory);

store_error damaged(const std::filesystem::path& directory, const std::string& what);

} // namespace lmq
