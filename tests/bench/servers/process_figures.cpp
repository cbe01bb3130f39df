// Reads /proc and process clocks.
#include "tests/bench/servers/process_figures.hpp"

#include "tests/bench/load/interrupt.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace lmq::bench {

namespace {

double seconds_on(clockid_t id) noexcept {
  timespec used{};
  if (::clock_gettime(id, &used) != 0)
    return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

// The number after `key` in a file of "key: number" lines.
std::uint64_t number_after(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in{file};
  for (std::string word; in >> word;)
    if (word == key) {
      std::uint64_t value = 0;
      in >> value;
      return value;
    }
  return 0;
}

} // namespace

double cpu_seconds(pid_t pid) noexcept {
  clockid_t id{};
  if (pid == 0 || ::clock_getcpuclockid(pid, &id) != 0)
    return 0;
  return seconds_on(id);
}

double own_thread_cpu_seconds() noexcept {
  return seconds_on(CLOCK_THREAD_CPUTIME_ID);
}

std::uint64_t resident_bytes(pid_t pid) {
  if (pid == 0)
    return 0;
  const auto folder = "/proc/" + std::to_string(pid);
  // smaps_rollup adds up the pages; the counters in `status` may lag by some hundred KiB on each core.
  auto kib = number_after(folder + "/smaps_rollup", "Rss:");
  if (kib == 0)
    kib = number_after(folder + "/status", "VmRSS:");
  return kib * 1024;
}

std::uint64_t context_switches(pid_t pid) {
  std::uint64_t sum = 0;
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task", gone}) {
    sum += number_after(task.path() / "status", "voluntary_ctxt_switches:");
    sum += number_after(task.path() / "status", "nonvoluntary_ctxt_switches:");
  }
  return sum;
}

bool wait_until_quiet(pid_t pid) {
  constexpr int looks_max = 200;
  constexpr int quiet_looks = 4;
  constexpr double quiet_cpu_seconds = 0.001;
  const std::chrono::milliseconds between_looks{50};
  auto before = cpu_seconds(pid);
  for (int look = 0, quiet = 0; look < looks_max; ++look) {
    let_pass(between_looks);
    const auto now = cpu_seconds(pid);
    quiet = now - before < quiet_cpu_seconds ? quiet + 1 : 0;
    if (quiet == quiet_looks)
      return true;
    before = now;
  }
  return false;
}

} // namespace lmq::bench
