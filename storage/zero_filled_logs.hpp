// The engine's logs, filled with zeros some way ahead of what is written to them.
//
// A sync of a file that has grown writes its new length, too, through the file system's journal, and takes
// nearly twice as long as one of a file of which some bytes were overwritten. So small writes find their room
// written already; the next write behind it fills more. Zeros are the end of a log for whoever reads it:
// nothing depends on them but the time that a sync takes, and each write is synced as it was.
// docs/decisions/0021.
//
// A layer over the files of the system or of a test, for the engine that writes.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <string>

namespace lmq {

class zero_filled_logs final : public rocksdb::FileSystemWrapper {
public:
  /// Filled at once: a part of a log, within these. Units: bytes
  static constexpr std::uint64_t fill_bytes_min = 4UL << 10, fill_bytes_max = 1UL << 20;
  static constexpr std::uint64_t fills_of_a_log = 16;
  /// Larger writes take long by themselves, and all would be written twice. Units: bytes
  static constexpr std::uint64_t small_write_bytes = 64UL << 10;

  /// @param below      null: the system's
  /// @param log_bytes  about how long the engine lets a log become
  /// @returns what the engine takes; outlives it. `below` outlives both
  static std::unique_ptr<rocksdb::Env> over(rocksdb::Env* below, std::uint64_t log_bytes);

  zero_filled_logs(std::shared_ptr<rocksdb::FileSystem> below, std::uint64_t log_bytes);

  const char* Name() const override { return "lmq.zero_filled_logs"; }

  rocksdb::IOStatus NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* dbg) override;

  /// Of a log that is open: without its zeros, so that a copy has what was written and nothing half.
  rocksdb::IOStatus GetFileSize(const std::string& f, const rocksdb::IOOptions& o, std::uint64_t* bytes,
                                rocksdb::IODebugContext* dbg) override;

private:
  std::uint64_t fill_bytes_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const std::atomic<std::uint64_t>>>
    ends_; ///< of open logs, by their names
};

} // namespace lmq
