// A folder of a test's own, gone with all that is in it when the test ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lmq::testing {

class temporary_folder {
public:
  /// In the system's place for such.
  temporary_folder() : temporary_folder(std::filesystem::temp_directory_path()) {}

  explicit temporary_folder(const std::filesystem::path& in) : path_((in / "lmq-test-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr)
      throw std::runtime_error("no folder can be made in " + in.string());
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + '/' + std::string{name}; }

  /// The path of a file with that text.
  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream{path(name), std::ios::binary} << text;
    return path(name);
  }

  std::string read(std::string_view name) const {
    std::ifstream file{path(name), std::ios::binary};
    if (!file)
      throw std::runtime_error("there is no " + path(name));
    return {std::istreambuf_iterator<char>{file}, {}};
  }

private:
  std::string path_;
};

} // namespace lmq::testing
