// The engine's log for people, `LOG` in the data directory, written so that a disk without room does it no
// harm.
//
// RocksDB's own ends the process at the second line that finds no room. This one leaves out what can't be
// written: nothing is lost with it. Any thread.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <rocksdb/env.h>

namespace lmq {

class engine_log final : public rocksdb::Logger {
public:
  /// Then it is begun anew, and what there was is `LOG.old`. Units: bytes
  static constexpr std::size_t file_bytes_max = 4UL << 20;

  /// Begins a file anew.
  explicit engine_log(std::filesystem::path directory);
  ~engine_log() override;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

private:
  void begin() noexcept;

  const std::filesystem::path file_;
  std::mutex mutex_; ///< guards what follows
  int fd_ = -1;
  std::size_t bytes_ = 0;
};

} // namespace lmq
