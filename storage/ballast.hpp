// A file that takes up space, so that there is some to give back when the disk is full: what makes room
// there, deletions and what merges them with what they delete, needs room first.
//
// The space is really taken; on a file system that can't do that there is no ballast. Holds nothing but the
// file. Part of a store; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>

namespace lmq {

class ballast {
public:
  /// What an earlier life has left of it is given back.
  /// @param bytes  0: there is none
  ballast(std::filesystem::path file, std::uint64_t bytes);

  /// Takes the space. False: there is not so much, or the file system can't.
  bool take();

  /// Gives it back. False: it was not taken.
  bool give_back();

  bool taken() const noexcept { return taken_; }

  /// What it takes, or will when there is room.
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> bytes_;
  std::atomic<bool> taken_ = false;
};

} // namespace lmq
