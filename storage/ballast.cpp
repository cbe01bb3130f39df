#include "storage/ballast.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace lmq {

ballast::ballast(std::filesystem::path file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {
  ::unlink(file_.c_str());
}

bool ballast::take() {
  std::lock_guard lock(mutex_);
  if (taken_ || bytes_ == 0)
    return taken_;
  int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  bool done = ::fallocate(fd, 0, 0, static_cast<off_t>(bytes_.load())) == 0;
  if (!done && errno == EOPNOTSUPP)
    bytes_ = 0;
  ::close(fd);
  if (!done)
    ::unlink(file_.c_str());
  return taken_ = done;
}

bool ballast::give_back() {
  std::lock_guard lock(mutex_);
  if (!taken_)
    return false;
  ::unlink(file_.c_str());
  taken_ = false;
  return true;
}

} // namespace lmq
