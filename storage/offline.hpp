// A data directory that no server has: looking into it, message by message, and copying it.
//
// Changes nothing in it. Blocking; whoever calls owns what comes out.
#pragma once

#include "storage/recovery.hpp"
#include "storage/store.hpp"

#include <filesystem>
#include <tl/expected.hpp>

namespace lmq {

class directory_lock;

/// A directory held against servers, and all that is in it but for the messages' contents.
class offline_directory {
public:
  /// Reads every row.
  /// Errors: locked, damaged and so on, as store::open; nothing is there
  static tl::expected<offline_directory, store_error> open(const store_options& options);

  offline_directory(offline_directory&&) noexcept;
  ~offline_directory();

  const recovered& rows() const noexcept { return rows_; }

  /// With its content. Cost: a read of the disk
  tl::expected<stored_message, store_error> message_of(const std::string& queue, message_id id);

private:
  offline_directory(std::unique_ptr<directory_lock> lock, directory_reader reader, recovered rows);

  std::unique_ptr<directory_lock> lock_; ///< ends last
  directory_reader reader_;
  recovered rows_;
};

/// Copies a directory that was opened, whole and synced.
/// @param to  does not exist, and its parent does; or is empty
/// Errors: nothing is left of the copy then
tl::expected<void, store_error> copy_directory(const std::filesystem::path& from,
                                               const std::filesystem::path& to);

} // namespace lmq
