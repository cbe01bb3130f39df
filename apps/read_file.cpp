#include "apps/read_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace lmq {

checked<std::string> read_file(const std::string& path, std::size_t most, const std::string& too_large) {
  auto failed = [&] {
    return tl::unexpected<std::string>(fmt::format("can't read {}: {}", path, std::strerror(errno)));
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "re"), &std::fclose};
  if (file == nullptr)
    return failed();
  std::string text;
  std::array<char, 4096> chunk{};
  while (auto count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), count);
    if (text.size() > most)
      return tl::unexpected<std::string>(too_large);
  }
  if (std::ferror(file.get()) != 0)
    return failed();
  return text;
}

} // namespace lmq
