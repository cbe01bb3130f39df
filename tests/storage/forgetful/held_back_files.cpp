#include "tests/storage/forgetful/held_back_files.hpp"

#include <deque>
#include <filesystem>
#include <mutex>
#include <utility>

namespace lmq::testing {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

class held_back_file final : public rocksdb::FSWritableFileOwnerWrapper {
public:
  held_back_file(std::unique_ptr<rocksdb::FSWritableFile> target, bool forgets_synced)
      : FSWritableFileOwnerWrapper(std::move(target)), forgets_synced_(forgets_synced) {}

  IOStatus Append(const Slice& data, const IOOptions& o, IODebugContext* dbg) override {
    std::lock_guard lock(mutex_);
    hold(end(o, dbg), data);
    return IOStatus::OK();
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions&,
                            IODebugContext*) override {
    std::lock_guard lock(mutex_);
    hold(offset, data);
    return IOStatus::OK();
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& o,
                            const rocksdb::DataVerificationInfo&, IODebugContext* dbg) override {
    return PositionedAppend(data, offset, o, dbg);
  }
  IOStatus Append(const Slice& data, const IOOptions& o, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, o, dbg);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& o, IODebugContext* dbg) override {
    auto written = let_go(o, dbg);
    return written.ok() ? FSWritableFileOwnerWrapper::Truncate(size, o, dbg) : written;
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK(); // a hint, which promises nothing
  }
  IOStatus Sync(const IOOptions& o, IODebugContext* dbg) override { return sync(o, dbg); }
  IOStatus Fsync(const IOOptions& o, IODebugContext* dbg) override { return sync(o, dbg); }
  bool IsSyncThreadSafe() const override { return false; }
  std::uint64_t GetFileSize(const IOOptions& o, IODebugContext* dbg) override {
    std::lock_guard lock(mutex_);
    return end(o, dbg);
  }
  IOStatus Close(const IOOptions& o, IODebugContext* dbg) override {
    auto written = let_go(o, dbg);
    auto closed = FSWritableFileOwnerWrapper::Close(o, dbg);
    return written.ok() ? closed : written;
  }

private:
  /// The system itself is not asked to sync: the process dies, not the machine.
  IOStatus sync(const IOOptions& o, IODebugContext* dbg) {
    return forgets_synced_ ? IOStatus::OK() : let_go(o, dbg);
  }

  IOStatus let_go(const IOOptions& o, IODebugContext* dbg) {
    std::lock_guard lock(mutex_);
    for (; !held_back_.empty(); held_back_.pop_front())
      if (auto written =
            target()->PositionedAppend(held_back_.front().bytes, held_back_.front().offset, o, dbg);
          !written.ok())
        return written;
    return IOStatus::OK();
  }

  // With `mutex_` held.

  std::uint64_t end(const IOOptions& o, IODebugContext* dbg) {
    return held_back_.empty() ? FSWritableFileOwnerWrapper::GetFileSize(o, dbg)
                              : held_back_.back().offset + held_back_.back().bytes.size();
  }

  void hold(std::uint64_t offset, const Slice& data) {
    if (!held_back_.empty() && offset == held_back_.back().offset + held_back_.back().bytes.size())
      held_back_.back().bytes.append(data.data(), data.size());
    else
      held_back_.push_back({offset, data.ToString()});
  }

  struct write {
    std::uint64_t offset;
    std::string bytes;
  };

  const bool forgets_synced_;
  std::mutex mutex_;            ///< guards `held_back_`
  std::deque<write> held_back_; ///< in their order
};

bool is_log_for_people(const std::string& path) {
  return std::filesystem::path(path).filename().string().rfind("LOG", 0) == 0;
}

IOStatus hold_back(const std::string& f, IOStatus opened, std::unique_ptr<rocksdb::FSWritableFile>* file,
                   bool forgets_synced) {
  if (opened.ok() && !is_log_for_people(f))
    *file = std::make_unique<held_back_file>(std::move(*file), forgets_synced);
  return opened;
}

} // namespace

IOStatus held_back_files::NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                          std::unique_ptr<rocksdb::FSWritableFile>* out,
                                          IODebugContext* dbg) {
  return hold_back(f, FileSystemWrapper::NewWritableFile(f, o, out, dbg), out, forgets_synced_);
}

IOStatus held_back_files::ReopenWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                                             IODebugContext* dbg) {
  return hold_back(f, FileSystemWrapper::ReopenWritableFile(f, o, out, dbg), out, forgets_synced_);
}

IOStatus held_back_files::ReuseWritableFile(const std::string& f, const std::string& old,
                                            const rocksdb::FileOptions& o,
                                            std::unique_ptr<rocksdb::FSWritableFile>* out,
                                            IODebugContext* dbg) {
  return hold_back(f, FileSystemWrapper::ReuseWritableFile(f, old, o, out, dbg), out, forgets_synced_);
}

} // namespace lmq::testing
