#include "storage/offline.hpp"

#include "storage/directory.hpp"
#include "storage/engine_options.hpp"
#include "storage/synced_mark.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace lmq {

namespace fs = std::filesystem;
using kind = store_error::kind;

namespace {

std::uint64_t now_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
    duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

tl::unexpected<store_error> refused(kind what, std::string sentence) {
  return tl::unexpected(store_error{what, std::move(sentence)});
}

tl::unexpected<store_error> unwritable(const fs::path& path, int number) {
  return refused(number == ENOSPC || number == EDQUOT ? kind::no_space : kind::no_access,
                 "can't write " + path.string() + ": " + std::strerror(number));
}

bool sync_file(const fs::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

/// All of a directory that an opening reads; CURRENT, without which it is none, comes last.
std::vector<std::string> files_of(const fs::path& directory, std::error_code& e) {
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, e), end; !e && it != end; it.increment(e)) {
    auto name = it->path().filename().string();
    if (name != "CURRENT" && it->is_regular_file(e) && is_data_file(name))
      names.push_back(name);
  }
  names.emplace_back("CURRENT");
  return names;
}

} // namespace

offline_directory::offline_directory(std::unique_ptr<directory_lock> lock, directory_reader reader,
                                     recovered rows)
    : lock_(std::move(lock)), reader_(std::move(reader)), rows_(std::move(rows)) {}

offline_directory::offline_directory(offline_directory&&) noexcept = default;
offline_directory::~offline_directory() = default;

tl::expected<offline_directory, store_error> offline_directory::open(const store_options& options) {
  const auto& directory = options.directory;
  std::error_code e;
  if (!fs::is_directory(directory, e))
    return refused(kind::no_access, "there is no directory " + directory.string());
  if (auto whole = check_finished(directory); !whole)
    return tl::unexpected(whole.error());
  auto look = look_into(directory);
  if (!look)
    return tl::unexpected(look.error());
  switch (look->what) {
  case directory_contents::nothing:
    return refused(kind::no_access, directory.string() + " is no data directory: there is nothing in it");
  case directory_contents::foreign:
    return refused(kind::no_access,
                   directory.string() + " is no data directory: it has a file " + look->example);
  case directory_contents::remains:
    return tl::unexpected(damaged(directory, "there is " + look->example + ", and no file CURRENT"));
  case directory_contents::database: break;
  }
  auto lock = directory_lock::take_to_read(directory);
  if (!lock) {
    auto why = lock.error();
    if (why.what == kind::locked)
      why.sentence = "a server has the data directory " + directory.string() +
                     "; make a copy with lmq backup and take that, or stop the server";
    return tl::unexpected(std::move(why));
  }
  auto held = std::make_unique<directory_lock>(std::move(*lock));
  auto engine = engine_options(options, std::make_shared<engine_watch>());
  auto reader = directory_reader::open(engine, directory, synced_mark::read(directory / synced_file_name));
  if (!reader)
    return tl::unexpected(reader.error());
  auto rows = reader->read(options.wall_ms ? options.wall_ms() : now_ms(), 0);
  if (!rows)
    return tl::unexpected(rows.error());
  return offline_directory(std::move(held), std::move(*reader), std::move(*rows));
}

tl::expected<stored_message, store_error> offline_directory::message_of(const std::string& queue,
                                                                        message_id id) {
  auto number = rows_.queues.find(queue);
  if (number == rows_.queues.end())
    return refused(kind::io, "there is no queue " + queue);
  return reader_.message_of(number->second, id);
}

tl::expected<void, store_error> copy_directory(const fs::path& from, const fs::path& to) {
  std::error_code e;
  bool was_there = fs::exists(fs::symlink_status(to, e));
  if (was_there && (!fs::is_directory(to, e) || !fs::is_empty(to, e)))
    return refused(kind::no_access, to.string() + " exists already, and is not empty");
  if (auto made = make_directory(to); !made)
    return tl::unexpected(made.error());
  auto give_up = [&](int number) {
    std::error_code ignored;
    for (fs::directory_iterator it(to, ignored), end; !ignored && it != end; it.increment(ignored)) {
      std::error_code stays;
      fs::remove(it->path(), stays);
    }
    if (!was_there)
      fs::remove(to, ignored);
    return unwritable(to, number);
  };
  auto names = files_of(from, e);
  for (const auto& name : names) {
    if (!e && name == names.back() && !sync_directory(to))
      return give_up(errno);
    if (!e)
      fs::copy_file(from / name, to / name, e);
    if (e)
      return give_up(e.value());
    if (!sync_file(to / name))
      return give_up(errno);
  }
  auto path = fs::absolute(to).lexically_normal();
  auto parent = (path.has_filename() ? path : path.parent_path()).parent_path();
  if (!sync_directory(to) || !sync_directory(parent))
    return give_up(errno);
  return {};
}

} // namespace lmq
