#include "storage/engine_log.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace lmq {

namespace {

/// Of a line, with its time; what is longer is cut off. Units: bytes
constexpr std::size_t line_bytes_max = 4096;
constexpr mode_t file_mode = 0600;

std::size_t put_time(char* to, std::size_t bytes) noexcept {
  timespec now{};
  std::tm utc{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::gmtime_r(&now.tv_sec, &utc);
  auto n = std::strftime(to, bytes, "%Y-%m-%dT%H:%M:%S", &utc);
  return n + static_cast<std::size_t>(std::snprintf(to + n, bytes - n, ".%06ldZ ", now.tv_nsec / 1000));
}

} // namespace

engine_log::engine_log(std::filesystem::path directory) : file_(std::move(directory) / "LOG") {
  begin();
}

engine_log::~engine_log() {
  if (fd_ >= 0)
    ::close(fd_);
}

void engine_log::begin() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  std::error_code none;
  std::filesystem::rename(file_, file_.string() + ".old", none);
  fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, file_mode);
  bytes_ = 0;
}

void engine_log::Logv(const char* format, va_list arguments) {
  std::array<char, line_bytes_max> line{};
  auto used = put_time(line.data(), line.size());
  auto room = line.size() - used - 1; // for the line's end
  auto wanted = std::vsnprintf(line.data() + used, room, format, arguments);
  used += std::min(static_cast<std::size_t>(std::max(wanted, 0)), room - 1);
  if (line[used - 1] != '\n')
    line[used++] = '\n';
  std::lock_guard lock(mutex_);
  if (bytes_ + used > file_bytes_max)
    begin();
  if (fd_ >= 0 && ::write(fd_, line.data(), used) > 0)
    bytes_ += used;
}

} // namespace lmq
