#include "storage/zero_filled_logs.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace lmq {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

constexpr std::array<char, 64UL << 10> zeros{};

class zero_filled_log final : public rocksdb::FSWritableFileOwnerWrapper {
public:
  zero_filled_log(std::unique_ptr<rocksdb::FSWritableFile> target, std::uint64_t fill_bytes)
      : FSWritableFileOwnerWrapper(std::move(target)), fill_bytes_(fill_bytes) {}

  /// Where the log ends; lives as long as the log is open. Any thread.
  std::weak_ptr<const std::atomic<std::uint64_t>> end() const noexcept { return end_; }

  IOStatus Append(const Slice& data, const IOOptions& o, IODebugContext* dbg) override {
    if (auto filled = fill(data.size(), o, dbg); !filled.ok())
      return filled;
    auto at = end_->load();
    auto written = target()->PositionedAppend(data, at, o, dbg);
    if (written.ok()) {
      *end_ = at + data.size();
      filled_ = std::max(filled_, at + data.size());
    }
    return written;
  }
  IOStatus Append(const Slice& data, const IOOptions& o, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, o, dbg);
  }
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("a log is written at its end");
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& o,
                            const rocksdb::DataVerificationInfo&, IODebugContext* dbg) override {
    return PositionedAppend(data, offset, o, dbg);
  }
  IOStatus Truncate(std::uint64_t bytes, const IOOptions& o, IODebugContext* dbg) override {
    auto cut = target()->Truncate(bytes, o, dbg);
    if (cut.ok())
      *end_ = filled_ = bytes;
    return cut;
  }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return *end_; }

  /// The file keeps its zeros: who copies it has asked for its length before.
  IOStatus Close(const IOOptions& o, IODebugContext* dbg) override {
    // The system's file cuts off at its close what lies behind the last write.
    auto kept = filled_ > *end_ ? target()->PositionedAppend(Slice(), filled_, o, dbg) : IOStatus::OK();
    auto closed = target()->Close(o, dbg);
    return kept.ok() ? closed : kept;
  }

private:
  /// Makes room for a write of so many bytes, if that is worth it.
  IOStatus fill(std::uint64_t bytes, const IOOptions& o, IODebugContext* dbg) {
    auto end = end_->load() + bytes;
    if (end <= filled_ || bytes > zero_filled_logs::small_write_bytes || !fills_)
      return IOStatus::OK();
    for (auto to = end + fill_bytes_; filled_ < to;) {
      auto n = std::min<std::uint64_t>(zeros.size(), to - filled_);
      auto written = target()->PositionedAppend(Slice(zeros.data(), n), filled_, o, dbg);
      if (written.IsNoSpace()) {
        fills_ = false; // the write itself may still find room
        return IOStatus::OK();
      }
      if (!written.ok())
        return written;
      filled_ += n;
    }
    return IOStatus::OK();
  }

  std::uint64_t fill_bytes_;
  std::shared_ptr<std::atomic<std::uint64_t>> end_ =
    std::make_shared<std::atomic<std::uint64_t>>(0); ///< of what was written
  std::uint64_t filled_ = 0;                         ///< the file's length
  bool fills_ = true;
};

} // namespace

std::unique_ptr<rocksdb::Env> zero_filled_logs::over(rocksdb::Env* below, std::uint64_t log_bytes) {
  if (below == nullptr)
    below = rocksdb::Env::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<zero_filled_logs>(below->GetFileSystem(), log_bytes));
}

zero_filled_logs::zero_filled_logs(std::shared_ptr<rocksdb::FileSystem> below, std::uint64_t log_bytes)
    : FileSystemWrapper(std::move(below)),
      fill_bytes_(std::clamp(log_bytes / fills_of_a_log, fill_bytes_min, fill_bytes_max)) {}

IOStatus zero_filled_logs::NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                                           IODebugContext* dbg) {
  auto opened = FileSystemWrapper::NewWritableFile(f, o, out, dbg);
  if (!opened.ok() || std::filesystem::path(f).extension() != ".log")
    return opened;
  auto log = std::make_unique<zero_filled_log>(std::move(*out), fill_bytes_);
  std::lock_guard lock(mutex_);
  std::erase_if(ends_, [](const auto& one) { return one.second.expired(); });
  ends_[f] = log->end();
  *out = std::move(log);
  return opened;
}

IOStatus zero_filled_logs::GetFileSize(const std::string& f, const IOOptions& o, std::uint64_t* bytes,
                                       IODebugContext* dbg) {
  std::unique_lock lock(mutex_);
  if (auto it = ends_.find(f); it != ends_.end())
    if (auto end = it->second.lock()) {
      *bytes = *end;
      return IOStatus::OK();
    }
  lock.unlock();
  return FileSystemWrapper::GetFileSize(f, o, bytes, dbg);
}

} // namespace lmq
