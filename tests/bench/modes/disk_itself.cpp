// write and fdatasync, timed.
#include "tests/bench/modes/disk_itself.hpp"

#include "tests/bench/load/interrupt.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <system_error>
#include <unistd.h>

namespace lmq::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr int writes = 300;
constexpr std::size_t write_bytes = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error{errno, std::generic_category(), what};
}

} // namespace

bool is_in_memory(const std::filesystem::path& folder) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0)
    fail("statfs " + folder.string());
  return about.f_type == TMPFS_MAGIC || about.f_type == RAMFS_MAGIC;
}

run_figures measure_fdatasync(const std::filesystem::path& folder, file_end where) {
  const auto name = folder / "fdatasync";
  const unique_fd file{::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!file)
    fail("can't create " + name.string());
  const std::string room(where == file_end::written_over ? writes * write_bytes : 0, '\0');
  if (!room.empty() &&
      (::pwrite(file.get(), room.data(), room.size(), 0) != static_cast<ssize_t>(room.size()) ||
       ::fsync(file.get()) != 0))
    fail("can't write " + name.string());
  const std::string block(write_bytes, 'x');
  loop_result result;
  const auto began = clock::now();
  for (int i = 0; i < writes; ++i) {
    throw_if_interrupted();
    const auto from = clock::now();
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file.get()) != 0)
      fail("can't write " + name.string());
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - from);
    result.latency.record(static_cast<std::uint64_t>(took.count()));
    ++result.units;
  }
  result.seconds = std::chrono::duration<double>(clock::now() - began).count();
  return figures_of(result, 0);
}

} // namespace lmq::bench
