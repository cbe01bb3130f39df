// A file system of a few megabytes, for cases that fill it. Needs root; without it nothing is mounted, and
// the case is to be left out. Owned by one case.
#pragma once

#include "tests/support/temporary_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

namespace lmq::contract {

class small_disk {
public:
  /// @param size  as mount takes it: "32m"
  explicit small_disk(const std::string& size)
      : mounted_(::mount("none", folder_.path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {
    if (!mounted_)
      std::cerr << "left out: a file system can't be mounted here (it takes root)\n";
  }
  ~small_disk() {
    if (mounted_)
      ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  bool mounted() const { return mounted_; }
  std::string path(std::string_view name) const { return folder_.path(name); }

  /// A file that takes all there is.
  void fill(std::string_view name) const {
    int fd = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::vector<char> zeros(4096);
    while (::write(fd, zeros.data(), zeros.size()) > 0)
      continue;
    ::close(fd);
  }

  void remove(std::string_view name) const { std::filesystem::remove(path(name)); }

  void clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      std::filesystem::remove_all(entry.path());
  }

private:
  lmq::testing::temporary_folder folder_;
  bool mounted_;
};

} // namespace lmq::contract
