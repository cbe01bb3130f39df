#include "storage/directory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lmq {

namespace fs = std::filesystem;
using kind = store_error::kind;

namespace {

tl::unexpected<store_error> system_error(const std::string& what, int number) {
  auto k = number == ENOSPC || number == EDQUOT                                          ? kind::no_space
           : number == EACCES || number == EPERM || number == EROFS || number == ENOTDIR ? kind::no_access
                                                                                         : kind::io;
  return tl::unexpected(store_error{k, what + ": " + std::strerror(number)});
}

bool ends_with(std::string_view name, std::string_view end) {
  return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
}

/// Files that say nothing of what is stored.
bool is_beside_the_point(std::string_view name) {
  return name == lock_file_name || name == ballast_file_name || name == "LOCK" || name == "IDENTITY" ||
         name == "lost+found" || name.substr(0, 3) == "LOG" || name.substr(0, 8) == "OPTIONS-" ||
         ends_with(name, ".dbtmp");
}

bool is_of_a_database(std::string_view name) {
  return name == synced_file_name || name.substr(0, 9) == "MANIFEST-" || ends_with(name, ".log") ||
         ends_with(name, ".sst") || ends_with(name, ".blob");
}

} // namespace

tl::expected<void, store_error> make_directory(const fs::path& directory) {
  std::error_code e;
  auto status = fs::status(directory, e);
  if (status.type() == fs::file_type::directory) {
    if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
      return system_error("no access to the data directory " + directory.string(), errno);
    return {};
  }
  if (status.type() != fs::file_type::not_found) {
    if (e)
      return system_error("no access to the data directory " + directory.string(), e.value());
    return tl::unexpected(store_error{kind::no_access, directory.string() + " is no directory"});
  }
  auto path = fs::absolute(directory).lexically_normal();
  auto parent = (path.has_filename() ? path : path.parent_path()).parent_path();
  if (!fs::is_directory(parent, e))
    return tl::unexpected(store_error{kind::no_access, "can't make the data directory " + directory.string() +
                                                         ": there is no directory " + parent.string()});
  if (::mkdir(directory.c_str(), 0700) != 0)
    return system_error("can't make the data directory " + directory.string(), errno);
  sync_directory(parent);
  return {};
}

tl::expected<void, store_error> check_finished(const fs::path& directory) {
  auto path = fs::absolute(directory).lexically_normal();
  auto name = (path.has_filename() ? path : path.parent_path()).filename().string();
  if (auto at = name.rfind(unfinished_end);
      at == std::string::npos || at == 0 || (!ends_with(name, unfinished_end) && !ends_with(name, ".tmp")))
    return {};
  return tl::unexpected(store_error{
    kind::no_access, directory.string() + " is left of a copy that did not end; remove it, and take "
                                          "another copy"});
}

tl::expected<directory_look, store_error> look_into(const fs::path& directory) {
  directory_look seen;
  std::error_code e;
  for (fs::directory_iterator it(directory, e), end; !e && it != end; it.increment(e)) {
    auto name = it->path().filename().string();
    if (name == "CURRENT")
      return directory_look{directory_contents::database, name};
    if (is_beside_the_point(name))
      continue;
    if (!is_of_a_database(name)) {
      seen = {directory_contents::foreign, name};
      continue;
    }
    // An end between the first files and the first CURRENT leaves an empty log and a MANIFEST that nothing
    // names.
    std::error_code gone;
    bool may_be_of_the_first_opening =
      name == "MANIFEST-000001" || (ends_with(name, ".log") && fs::file_size(it->path(), gone) == 0);
    if (!may_be_of_the_first_opening && seen.what == directory_contents::nothing)
      seen = {directory_contents::remains, name};
  }
  if (e)
    return system_error("can't read the data directory " + directory.string(), e.value());
  return seen;
}

bool is_data_file(std::string_view name) {
  return name == "CURRENT" || name == "IDENTITY" || name.substr(0, 8) == "OPTIONS-" || is_of_a_database(name);
}

bool sync_directory(const fs::path& directory) {
  int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

tl::expected<directory_lock, store_error> directory_lock::take(const fs::path& directory) {
  auto path = directory / lock_file_name;
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return system_error("can't open " + path.string(), errno);
  return lock(fd, directory);
}

tl::expected<directory_lock, store_error> directory_lock::take_to_read(const fs::path& directory) {
  auto path = directory / lock_file_name;
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM))
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return directory_lock(-1); // whoever could write there would have made it
  if (fd < 0)
    return system_error("can't open " + path.string(), errno);
  return lock(fd, directory);
}

tl::expected<directory_lock, store_error> directory_lock::lock(int fd, const fs::path& directory) {
  directory_lock held(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
    return held;
  if (errno != EWOULDBLOCK)
    return system_error("can't lock " + (directory / lock_file_name).string(), errno);
  return tl::unexpected(
    store_error{kind::locked, "the data directory " + directory.string() + " is in use by another process"});
}

directory_lock::~directory_lock() {
  if (fd_ >= 0)
    ::close(fd_);
}

} // namespace lmq
