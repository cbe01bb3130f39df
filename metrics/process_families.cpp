// This process in the terms that Prometheus' own libraries use.
#include "metrics/families.hpp"

#include <charconv>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace lmq::metrics {

namespace {

std::string content_of(const char* path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Of `/proc/self/stat`, counted as proc(5) does: from 1. The second is in brackets and may hold anything.
std::optional<double> stat_field(const std::string& stat, int wanted) {
  auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos)
    return std::nullopt;
  std::istringstream rest{stat.substr(end_of_name + 1)};
  std::string word;
  for (int field = 3; rest >> word; ++field)
    if (field == wanted)
      return std::stod(word);
  return std::nullopt;
}

/// Seconds since 1970 at which the machine was started.
std::optional<double> boot_time() {
  std::istringstream lines{content_of("/proc/stat")};
  std::string word;
  double value = 0;
  while (lines >> word)
    if (word == "btime" && lines >> value)
      return value;
  return std::nullopt;
}

std::optional<double> open_files() {
  auto* folder = opendir("/proc/self/fd");
  if (folder == nullptr)
    return std::nullopt;
  double n = -1; // the folder itself
  while (const auto* entry = readdir(folder))
    n += entry->d_name[0] != '.' ? 1 : 0;
  closedir(folder);
  return n;
}

} // namespace

void process_families(families& out) {
  auto stat = content_of("/proc/self/stat");
  auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  auto user = stat_field(stat, 14), system = stat_field(stat, 15), begun = stat_field(stat, 22);
  if (user && system)
    counter(out, "process_cpu_seconds_total", "CPU time of this process, in user and system mode.")
      .add((*user + *system) / ticks);
  if (auto bytes = stat_field(stat, 23))
    gauge(out, "process_virtual_memory_bytes", "Virtual memory of this process.").add(*bytes);
  if (auto pages = stat_field(stat, 24))
    gauge(out, "process_resident_memory_bytes", "Memory of this process that is resident.")
      .add(*pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  if (auto boot = boot_time(); boot && begun)
    gauge(out, "process_start_time_seconds", "When this process was started, in seconds since 1970.")
      .add(*boot + *begun / ticks);
  if (auto n = open_files())
    gauge(out, "process_open_fds", "Files and sockets that are open.").add(*n);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    gauge(out, "process_max_fds", "Files and sockets that may be open.")
      .add(static_cast<double>(limit.rlim_cur));
}

} // namespace lmq::metrics
