// A file layer that knows what was synced: at a crash all else is lost, or as much of it as the dice say.
//
// Real files in a real directory. Beside each it keeps how much of it was synced, and the pages that were
// written over since; and for the directory what was made, renamed and removed since it was synced. `crash`
// takes that back: any of the pages, the rest from some point on. Faults can
// be planted: the disk fills up, or a sync fails. Given to the engine by `env()`; any thread.
#pragma once

#include "tests/actors/dice.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <string>
#include <vector>

namespace lmq::testing {

class unsynced_files : public rocksdb::FileSystemWrapper {
public:
  /// @param lost_and_found  a directory of its own: removed files, as long as their removal may be taken back
  explicit unsynced_files(std::filesystem::path lost_and_found);

  const char* Name() const override { return "unsynced_files"; }

  /// After so many more writes, syncs and changes of directories everything fails, as when the machine is
  /// off.
  void die_after(std::uint64_t steps);
  bool dead() const;

  /// The engine is closed: makes of the files what the disk has of them. From then on it is alive again.
  void crash(dice& random);

  enum class fault : std::uint8_t { none, full_disk, failing_sync, no_tables };
  /// Of all files from now on; `no_tables`: the disk is full when a table is begun, in the engine's own
  /// threads.
  void plant(fault what);
  /// Faults that somebody has met.
  std::uint64_t faults_met() const;

  // -- called by the engine

  rocksdb::IOStatus NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                                       std::unique_ptr<rocksdb::FSWritableFile>* out,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& o,
                                 std::unique_ptr<rocksdb::FSDirectory>* out,
                                 rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& f, const rocksdb::IOOptions& o,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& o,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus Truncate(const std::string& f, std::size_t size, const rocksdb::IOOptions& o,
                             rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& o,
                             rocksdb::IODebugContext* dbg) override;

  // -- called by its files

  enum class step : std::uint8_t { write, sync, entry };
  /// What becomes of a step, before it is done.
  rocksdb::IOStatus allow(step what);
  void synced(const std::string& f);
  /// Before so many bytes are written at a place of it.
  void will_write(const std::string& f, std::uint64_t offset, std::uint64_t bytes);
  void directory_synced();

private:
  /// A change of the directory that it may forget.
  struct change {
    enum class kind : std::uint8_t { made, renamed, removed };
    kind what = kind::made;
    std::string from;        ///< of a removed file: where it lies meanwhile
    std::string to;          ///< its name now, or before it was removed
    bool first_half = false; ///< of a change of two: the next is the other half
  };

  /// What the disk has of a file.
  struct on_disk {
    std::uint64_t bytes = 0;                      ///< of its length
    std::map<std::uint64_t, std::string> pages{}; ///< that were written over since, as they were
  };

  std::string put_aside(const std::string& f);
  void is_now(const std::string& from, const std::string& to);
  void take_back(const change& c);

  mutable std::mutex mutex_;
  std::filesystem::path lost_and_found_;
  std::uint64_t put_aside_ = 0;
  std::map<std::string, on_disk> synced_; ///< files that were written to here
  std::vector<change> changes_;
  std::uint64_t steps_left_ = UINT64_MAX;
  bool dead_ = false;
  fault fault_ = fault::none;
  std::uint64_t faults_met_ = 0;
};

/// The files, and the engine's way to them.
struct unsynced_env {
  explicit unsynced_env(std::filesystem::path lost_and_found)
      : files(std::make_shared<unsynced_files>(std::move(lost_and_found))),
        env(rocksdb::NewCompositeEnv(files)) {}

  std::shared_ptr<unsynced_files> files;
  std::unique_ptr<rocksdb::Env> env;
};

} // namespace lmq::testing
