// Certificates for tests, made when they are needed: an authority, and nodes that it vouches for.
#pragma once

#include "cluster/transport/transport.hpp"

#include <filesystem>
#include <string>

namespace lmq::test {

/// A folder that goes with the test.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

class authority {
public:
  /// @param name  of its files, too
  authority(const scratch_folder& in, std::string name);

  /// A node's files.
  tls_files vouch_for(const std::string& node) const;

private:
  std::filesystem::path folder_;
  std::string name_;
};

} // namespace lmq::test
