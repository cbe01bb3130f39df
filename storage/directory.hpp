// The data directory as files: making it, telling whether it is one, and holding it against others.
//
// Knows no rows. Used by store::open, before and around the engine.
#pragma once

#include "storage/store.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace lmq {

/// Of the file that is locked, and of the one that synced_mark keeps. The engine has a LOCK of its own, whose
/// lock would be lost if we opened and closed that file.
inline constexpr const char* lock_file_name = "lmq.lock";
inline constexpr const char* synced_file_name = "SYNCED";

/// Of the file that ballast takes space with.
inline constexpr const char* ballast_file_name = "lmq.ballast";

/// Behind the name of a directory that is being made: it gets its own name when it is whole.
inline constexpr const char* unfinished_end = ".unfinished";

/// Whether a directory of that name was never made whole. Errors: then, and what to do
tl::expected<void, store_error> check_finished(const std::filesystem::path& directory);

/// What lies in a directory, as far as names and sizes tell.
enum class directory_contents : std::uint8_t {
  nothing,  ///< empty, or an opening ended before anything was stored
  database, ///< there is a CURRENT
  remains,  ///< files of a database, and no CURRENT
  foreign   ///< files that are not ours, and no CURRENT
};

struct directory_look {
  directory_contents what = directory_contents::nothing;
  std::string example; ///< of a file that speaks for it
};

/// Makes the directory if it does not exist and its parent does.
tl::expected<void, store_error> make_directory(const std::filesystem::path& directory);

/// Whether an opening reads a file of that name.
bool is_data_file(std::string_view name);

tl::expected<directory_look, store_error> look_into(const std::filesystem::path& directory);

/// Makes the directory's entries last.
bool sync_directory(const std::filesystem::path& directory);

/// An exclusive lock, of this process against all others and of this object against all in the process.
class directory_lock {
public:
  static tl::expected<directory_lock, store_error> take(const std::filesystem::path& directory);

  /// The same for who only reads, and may not be allowed to write there: then what is there is locked.
  static tl::expected<directory_lock, store_error> take_to_read(const std::filesystem::path& directory);

  directory_lock(directory_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  directory_lock& operator=(directory_lock&&) = delete;
  ~directory_lock();

private:
  explicit directory_lock(int fd) noexcept : fd_(fd) {}
  static tl::expected<directory_lock, store_error> lock(int fd, const std::filesystem::path& directory);

  int fd_;
};

} // namespace lmq
