// A file layer that has for the system only what was synced: the rest waits in this process, and a kill -9 of
// it is a power cut.
//
// What closes is written, too: the engine syncs before where that matters, and reads what it wrote. The
// engine's log for people is let through. Beside unsynced_env.hpp, which knows directories as well and lies
// under the store alone, this one lies under a whole server.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <string>

namespace lmq::testing {

class held_back_files final : public rocksdb::FileSystemWrapper {
public:
  /// @param forgets_synced  a disk that lies: what was synced waits as well. To see that tests notice
  explicit held_back_files(bool forgets_synced)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), forgets_synced_(forgets_synced) {}

  const char* Name() const override { return "held_back_files"; }

  rocksdb::IOStatus NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                       std::unique_ptr<rocksdb::FSWritableFile>* out,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& f, const std::string& old,
                                      const rocksdb::FileOptions& o,
                                      std::unique_ptr<rocksdb::FSWritableFile>* out,
                                      rocksdb::IODebugContext* dbg) override;

private:
  const bool forgets_synced_;
};

} // namespace lmq::testing
