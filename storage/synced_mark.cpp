#include "storage/synced_mark.hpp"

#include "core/mix.hpp"
#include "storage/bytes.hpp"

#include <array>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace lmq {

namespace {

constexpr std::string_view magic = "LMQSYNC1";
constexpr std::size_t length = 24;

/// FNV-1a, 64 bits.
std::uint64_t checksum(std::string_view bytes) {
  return hash_text(bytes, 0xcbf29ce484222325ULL);
}

} // namespace

std::optional<std::uint64_t> synced_mark::read(const std::filesystem::path& file) {
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return std::nullopt;
  std::array<char, length + 1> bytes{};
  auto got = ::pread(fd, bytes.data(), bytes.size(), 0);
  ::close(fd);
  if (got != static_cast<ssize_t>(length))
    return std::nullopt;
  std::string_view all(bytes.data(), length);
  byte_reader numbers(all.substr(magic.size()));
  auto number = numbers.u64();
  auto sum = numbers.u64();
  if (all.substr(0, magic.size()) != magic || sum != checksum(all.substr(0, length - 8)))
    return std::nullopt;
  return number;
}

std::optional<synced_mark> synced_mark::open(const std::filesystem::path& file) {
  int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return std::nullopt;
  // Whatever is longer was not written by us, and would never be read again.
  if (::lseek(fd, 0, SEEK_END) > static_cast<off_t>(length) && ::ftruncate(fd, length) != 0) {
    ::close(fd);
    return std::nullopt;
  }
  return synced_mark(fd);
}

synced_mark::~synced_mark() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool synced_mark::write(std::uint64_t number) noexcept {
  std::string bytes(magic);
  put_u64(bytes, number);
  put_u64(bytes, checksum(bytes));
  return ::pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(length);
}

bool synced_mark::sync() noexcept {
  return ::fsync(fd_) == 0;
}

} // namespace lmq
