// The number of the last batch that was synced, in a small file beside the rows.
//
// Written after each sync and not synced itself: after the end of a process it is exact, after the end of the
// machine it may lag, and never does it lead. What it names and can't be found was lost. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace lmq {

class synced_mark {
public:
  /// Nothing: there is none, or it is damaged, which comes to the same: one witness less.
  static std::optional<std::uint64_t> read(const std::filesystem::path& file);

  /// Opens the file, or makes it; what it says is left until `write`. Nothing: the system refuses, see errno.
  static std::optional<synced_mark> open(const std::filesystem::path& file);

  synced_mark(synced_mark&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  synced_mark& operator=(synced_mark&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~synced_mark();

  /// @returns whether the system took it
  bool write(std::uint64_t number) noexcept;
  bool sync() noexcept;

private:
  explicit synced_mark(int fd) noexcept : fd_(fd) {}

  int fd_;
};

} // namespace lmq
