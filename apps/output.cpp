#include "apps/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace lmq {

checked<readers> write_out(std::FILE* to, std::string_view text) {
  auto failed = std::fwrite(text.data(), 1, text.size(), to) != text.size() ? errno : 0;
  return flush_out(to, failed);
}

checked<readers> flush_out(std::FILE* to, int failed) {
  if (failed == 0 && std::fflush(to) != 0)
    failed = errno;
  if (failed == 0)
    return readers::there;
  if (failed == EPIPE)
    return readers::gone;
  return tl::unexpected<std::string>(
    fmt::format("can't write to standard output: {}", std::strerror(failed)));
}

} // namespace lmq
