// store: a copy of the directory that can be opened as it is.
//
// It is made beside its place and moved there when it is whole: whatever has that name is a whole copy.
#include "storage/store_parts.hpp"

#include <cerrno>
#include <cstring>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lmq {

namespace fs = std::filesystem;

namespace {

using kind = store_error::kind;

tl::unexpected<store_error> refused(const fs::path& where, const std::string& why,
                                    kind what = kind::no_access) {
  return tl::unexpected(store_error{what, "can't make " + where.string() + ": " + why});
}

tl::unexpected<store_error> refused(const fs::path& where, int number) {
  auto what = number == ENOSPC || number == EDQUOT ? kind::no_space : kind::no_access;
  return refused(where, std::strerror(number), what);
}

/// The engine's words, where what failed is the copy's disk or ours.
tl::unexpected<store_error> refused(const fs::path& where, const rocksdb::Status& status) {
  return refused(where, status.ToString(), error_of(status, where).what);
}

bool is_within(const fs::path& path, const fs::path& folder) {
  std::error_code e;
  for (auto at = path; !at.empty(); at = at.parent_path()) {
    if (fs::equivalent(at, folder, e))
      return true;
    if (at == at.parent_path())
      break;
  }
  return false;
}

/// Takes away what was begun, unless it was kept.
class unfinished_directory {
public:
  explicit unfinished_directory(fs::path path) : path_(std::move(path)) {}
  ~unfinished_directory() {
    if (kept_)
      return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    fs::remove_all(path_.string() + ".tmp", ignored); // the engine's own beginnings
  }
  unfinished_directory(const unfinished_directory&) = delete;
  unfinished_directory& operator=(const unfinished_directory&) = delete;

  const fs::path& path() const noexcept { return path_; }
  void keep() noexcept { kept_ = true; }

private:
  fs::path path_;
  bool kept_ = false;
};

} // namespace

tl::expected<void, store_error> store::copy_to(const fs::path& directory) const {
  auto path = fs::absolute(directory).lexically_normal();
  if (!path.has_filename())
    path = path.parent_path();
  auto parent = path.parent_path();
  std::error_code e;
  if (fs::exists(fs::symlink_status(path, e)))
    return refused(path, "it exists already");
  if (!fs::is_directory(parent, e))
    return refused(path, e && e != std::errc::no_such_file_or_directory
                           ? e.message()
                           : "there is no directory " + parent.string());
  if (is_within(parent, parts_->options.directory))
    return refused(path, "it would lie within the data directory");
  // The engine's words for it would not say what is wrong; so its place is tried first.
  auto place = path.string() + unfinished_end;
  if (fs::exists(fs::symlink_status(place, e)))
    return refused(path, place + " is left of a copy that did not end; remove it");
  if (::mkdir(place.c_str(), 0700) != 0)
    return refused(path, errno);
  ::rmdir(place.c_str());
  unfinished_directory copy(place);

  // What is synced by now is in the copy; what comes meanwhile may be.
  auto at_least = parts_->last_synced.load();
  rocksdb::Checkpoint* made = nullptr;
  if (auto status = rocksdb::Checkpoint::Create(parts_->db.get(), &made); !status.ok())
    return refused(path, status);
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (auto status = checkpoint->CreateCheckpoint(copy.path().string()); !status.ok())
    return refused(path, status);
  auto mark = synced_mark::open(copy.path() / synced_file_name);
  if (!mark || !mark->write(at_least) || !mark->sync() || !sync_directory(copy.path()))
    return refused(path, errno);
  if (::chmod(copy.path().c_str(), 0700) != 0 || ::rename(copy.path().c_str(), path.c_str()) != 0)
    return refused(path, errno);
  copy.keep();
  if (!sync_directory(parent))
    return refused(path, errno);
  return {};
}

} // namespace lmq
