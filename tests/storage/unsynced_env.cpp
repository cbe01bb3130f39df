#include "tests/storage/unsynced_env.hpp"

#include <algorithm>
#include <fstream>

namespace lmq::testing {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

/// What a disk writes whole or not at all. Units: bytes
constexpr std::uint64_t page_bytes = 4096;

bool is_log_for_people(const std::string& path) {
  return fs::path(path).filename().string().rfind("LOG", 0) == 0;
}

class written_file : public rocksdb::FSWritableFileOwnerWrapper {
public:
  written_file(unsynced_files& all, std::string path, std::unique_ptr<rocksdb::FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)), all_(all), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& o, IODebugContext* dbg) override {
    auto allowed = all_.allow(unsynced_files::step::write);
    return allowed.ok() ? FSWritableFileOwnerWrapper::Append(data, o, dbg) : allowed;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& o, const rocksdb::DataVerificationInfo& info,
                  IODebugContext* dbg) override {
    auto allowed = all_.allow(unsynced_files::step::write);
    return allowed.ok() ? FSWritableFileOwnerWrapper::Append(data, o, info, dbg) : allowed;
  }
  IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset, const IOOptions& o,
                            IODebugContext* dbg) override {
    auto allowed = all_.allow(unsynced_files::step::write);
    if (!allowed.ok())
      return allowed;
    all_.will_write(path_, offset, data.size());
    return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, o, dbg);
  }
  IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset, const IOOptions& o,
                            const rocksdb::DataVerificationInfo&, IODebugContext* dbg) override {
    return PositionedAppend(data, offset, o, dbg);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& o, IODebugContext* dbg) override {
    auto allowed = all_.allow(unsynced_files::step::write);
    return allowed.ok() ? FSWritableFileOwnerWrapper::Truncate(size, o, dbg) : allowed;
  }
  IOStatus Sync(const IOOptions& o, IODebugContext* dbg) override { return sync(o, dbg); }
  IOStatus Fsync(const IOOptions& o, IODebugContext* dbg) override { return sync(o, dbg); }

private:
  /// What is in the file when it begins is on the disk when it ends. The disk itself is not asked.
  IOStatus sync(const IOOptions& o, IODebugContext* dbg) {
    auto flushed = Flush(o, dbg);
    if (!flushed.ok())
      return flushed;
    auto allowed = all_.allow(unsynced_files::step::sync);
    if (allowed.ok())
      all_.synced(path_);
    return allowed;
  }

  unsynced_files& all_;
  std::string path_;
};

class written_directory : public rocksdb::FSDirectoryWrapper {
public:
  written_directory(unsynced_files& all, std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), all_(all) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&) override {
    return sync();
  }

private:
  IOStatus sync() {
    auto allowed = all_.allow(unsynced_files::step::sync);
    if (allowed.ok())
      all_.directory_synced();
    return allowed;
  }

  unsynced_files& all_;
};

} // namespace

unsynced_files::unsynced_files(fs::path lost_and_found)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), lost_and_found_(std::move(lost_and_found)) {
  fs::create_directory(lost_and_found_);
}

void unsynced_files::die_after(std::uint64_t steps) {
  std::lock_guard lock(mutex_);
  steps_left_ = steps;
}

bool unsynced_files::dead() const {
  std::lock_guard lock(mutex_);
  return dead_;
}

void unsynced_files::plant(fault what) {
  std::lock_guard lock(mutex_);
  fault_ = what;
}

std::uint64_t unsynced_files::faults_met() const {
  std::lock_guard lock(mutex_);
  return faults_met_;
}

IOStatus unsynced_files::allow(step what) {
  std::lock_guard lock(mutex_);
  if (dead_ || steps_left_-- == 0) {
    dead_ = true;
    return IOStatus::IOError("the machine is off");
  }
  if (fault_ == fault::full_disk && what != step::sync) {
    ++faults_met_;
    return IOStatus::NoSpace("No space left on device");
  }
  if (fault_ == fault::failing_sync && what == step::sync) {
    ++faults_met_;
    return IOStatus::IOError("fdatasync failed");
  }
  return IOStatus::OK();
}

void unsynced_files::synced(const std::string& f) {
  std::error_code none;
  auto bytes = fs::file_size(f, none);
  std::lock_guard lock(mutex_);
  if (!none)
    synced_[f] = {bytes};
}

void unsynced_files::will_write(const std::string& f, std::uint64_t offset, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  auto& file = synced_[f];
  auto end = std::min(offset + bytes, file.bytes);
  if (offset >= end)
    return;
  std::ifstream in(f, std::ios::binary);
  for (auto at = offset / page_bytes * page_bytes; at < end; at += page_bytes) {
    auto [it, is_first] = file.pages.try_emplace(at);
    if (!is_first)
      continue;
    it->second.resize(std::min(page_bytes, file.bytes - at));
    in.seekg(static_cast<std::streamoff>(at));
    in.read(it->second.data(), static_cast<std::streamsize>(it->second.size()));
  }
}

/// What is known of a file goes with its name.
void unsynced_files::is_now(const std::string& from, const std::string& to) {
  if (auto known = synced_.extract(from)) {
    known.key() = to;
    synced_.erase(to);
    synced_.insert(std::move(known));
  }
}

void unsynced_files::directory_synced() {
  std::lock_guard lock(mutex_);
  for (const auto& c : changes_)
    if (c.what == change::kind::removed)
      fs::remove(c.from);
  changes_.clear();
}

std::string unsynced_files::put_aside(const std::string& f) {
  auto place = (lost_and_found_ / std::to_string(++put_aside_)).string();
  fs::rename(f, place);
  return place;
}

void unsynced_files::take_back(const change& c) {
  switch (c.what) {
  case change::kind::made:
    fs::remove(c.to);
    synced_.erase(c.to);
    return;
  case change::kind::renamed:
  case change::kind::removed: {
    auto& from = c.what == change::kind::renamed ? c.to : c.from;
    auto& to = c.what == change::kind::renamed ? c.from : c.to;
    if (fs::exists(from))
      fs::rename(from, to);
    is_now(from, to);
    return;
  }
  }
}

void unsynced_files::crash(dice& random) {
  std::lock_guard lock(mutex_);
  // A file system keeps the order of such changes: some first ones may be there.
  auto kept = random.below(changes_.size() + 1);
  if (kept > 0 && changes_[kept - 1].first_half)
    --kept;
  for (auto i = changes_.size(); i-- > kept;)
    take_back(changes_[i]);
  for (const auto& c : changes_)
    if (c.what == change::kind::removed)
      fs::remove(c.from);
  changes_.clear();
  for (const auto& [f, file] : synced_) {
    std::error_code gone;
    auto size = fs::file_size(f, gone);
    if (gone)
      continue;
    if (size > file.bytes)
      fs::resize_file(f, file.bytes + random.below(size - file.bytes + 1));
    // A disk may write pages in any order, and all of them may have got there.
    bool all_there = random.one_in(4);
    std::fstream out(f, std::ios::binary | std::ios::in | std::ios::out);
    for (const auto& [at, was] : file.pages)
      if (!all_there && random.one_in(2))
        out.seekp(static_cast<std::streamoff>(at))
          .write(was.data(), static_cast<std::streamsize>(was.size()));
  }
  synced_.clear();
  dead_ = false;
  steps_left_ = UINT64_MAX;
}

IOStatus unsynced_files::NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                         std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext* dbg) {
  if (is_log_for_people(f))
    return FileSystemWrapper::NewWritableFile(f, o, out, dbg);
  if (auto allowed = allow(step::entry); !allowed.ok())
    return allowed;
  std::lock_guard lock(mutex_);
  if (fault_ == fault::no_tables && fs::path(f).extension() == ".sst") {
    ++faults_met_;
    return IOStatus::NoSpace("No space left on device");
  }
  // One that is made anew under a name that was: the old one may come back.
  if (fs::exists(f)) {
    changes_.push_back({change::kind::removed, put_aside(f), f, true});
    is_now(f, changes_.back().from);
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = FileSystemWrapper::NewWritableFile(f, o, &file, dbg);
  if (!status.ok())
    return status;
  changes_.push_back({change::kind::made, {}, f, false});
  synced_[f] = {};
  *out = std::make_unique<written_file>(*this, f, std::move(file));
  return status;
}

IOStatus unsynced_files::ReopenWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                            std::unique_ptr<rocksdb::FSWritableFile>* out,
                                            IODebugContext* dbg) {
  if (auto allowed = allow(step::entry); !allowed.ok())
    return allowed;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = FileSystemWrapper::ReopenWritableFile(f, o, &file, dbg);
  if (!status.ok())
    return status;
  std::error_code none;
  std::lock_guard lock(mutex_);
  synced_.try_emplace(f, on_disk{fs::file_size(f, none)});
  *out = std::make_unique<written_file>(*this, f, std::move(file));
  return status;
}

IOStatus unsynced_files::NewDirectory(const std::string& name, const IOOptions& o,
                                      std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext* dbg) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = FileSystemWrapper::NewDirectory(name, o, &directory, dbg);
  if (status.ok())
    *out = std::make_unique<written_directory>(*this, std::move(directory));
  return status;
}

IOStatus unsynced_files::DeleteFile(const std::string& f, const IOOptions& o, IODebugContext* dbg) {
  if (is_log_for_people(f))
    return FileSystemWrapper::DeleteFile(f, o, dbg);
  if (auto allowed = allow(step::entry); !allowed.ok())
    return allowed;
  std::lock_guard lock(mutex_);
  if (!fs::exists(f))
    return FileSystemWrapper::DeleteFile(f, o, dbg);
  changes_.push_back({change::kind::removed, put_aside(f), f, false});
  is_now(f, changes_.back().from);
  return IOStatus::OK();
}

IOStatus unsynced_files::RenameFile(const std::string& from, const std::string& to, const IOOptions& o,
                                    IODebugContext* dbg) {
  if (is_log_for_people(from))
    return FileSystemWrapper::RenameFile(from, to, o, dbg);
  if (auto allowed = allow(step::entry); !allowed.ok())
    return allowed;
  std::lock_guard lock(mutex_);
  // A rename is one change; what was there lies aside, and comes back right after it is taken back.
  if (fs::exists(to))
    changes_.push_back({change::kind::removed, put_aside(to), to, true});
  auto status = FileSystemWrapper::RenameFile(from, to, o, dbg);
  if (!status.ok())
    return status;
  changes_.push_back({change::kind::renamed, from, to, false});
  is_now(from, to);
  return status;
}

IOStatus unsynced_files::Truncate(const std::string& f, std::size_t size, const IOOptions& o,
                                  IODebugContext* dbg) {
  auto allowed = allow(step::write);
  return allowed.ok() ? FileSystemWrapper::Truncate(f, size, o, dbg) : allowed;
}

IOStatus unsynced_files::LinkFile(const std::string& from, const std::string& to, const IOOptions& o,
                                  IODebugContext* dbg) {
  auto allowed = allow(step::entry);
  return allowed.ok() ? FileSystemWrapper::LinkFile(from, to, o, dbg) : allowed;
}

} // namespace lmq::testing
