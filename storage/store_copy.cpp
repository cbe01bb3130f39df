// store: a copy of the directory that can be opened as it is.
#include "storage/store_parts.hpp"

#include <rocksdb/utilities/checkpoint.h>

namespace lmq {

tl::expected<void, store_error> store::copy_to(const std::filesystem::path& directory) const {
  auto unwritable = [&] {
    return tl::unexpected(store_error{store_error::kind::io, "can't write " + directory.string()});
  };
  std::error_code e;
  if (std::filesystem::exists(directory, e))
    return tl::unexpected(store_error{store_error::kind::no_access, directory.string() + " exists already"});
  auto path = std::filesystem::absolute(directory).lexically_normal();
  if (!std::filesystem::is_directory(path.parent_path(), e))
    return tl::unexpected(store_error{store_error::kind::no_access,
                                      "can't make " + path.string() + ": there is no directory for it"});
  // What is synced by now is in the copy; what comes meanwhile may be.
  auto at_least = parts_->last_synced.load();
  rocksdb::Checkpoint* made = nullptr;
  if (auto status = rocksdb::Checkpoint::Create(parts_->db.get(), &made); !status.ok())
    return tl::unexpected(error_of(status, path));
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (auto status = checkpoint->CreateCheckpoint(path.string()); !status.ok())
    return tl::unexpected(error_of(status, path));
  auto mark = synced_mark::open(path / synced_file_name);
  if (!mark || !mark->write(at_least) || !mark->sync() || !sync_directory(path))
    return unwritable();
  return {};
}

} // namespace lmq
