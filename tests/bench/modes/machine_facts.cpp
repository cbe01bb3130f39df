// Describes the machine, so that a figure isn't compared with one from elsewhere by mistake.
#include "tests/bench/modes/report.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace lmq::bench {

namespace {

std::string processor() {
  std::ifstream in{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "unknown processor";
}

std::string kernel() {
  utsname names{};
  ::uname(&names);
  return std::string{names.sysname} + " " + names.release + " " + names.machine;
}

std::string date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[sizeof "2000-01-01"];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

#ifdef __OPTIMIZE__
constexpr auto optimized = true;
#else
constexpr auto optimized = false;
#endif

} // namespace

nlohmann::json machine_facts() {
  double load = 0;
  ::getloadavg(&load, 1);
  return {{"cores", std::thread::hardware_concurrency()},
          {"processor", processor()},
          {"kernel", kernel()},
#ifdef __clang__
          {"compiler", "clang " __VERSION__},
#else
          {"compiler", "g++ " __VERSION__},
#endif
          {"bench_is_optimized", optimized},
          {"load_average", load},
          {"date", date()}};
}

} // namespace lmq::bench
