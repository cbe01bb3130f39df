// Certificates for tests, made when they are needed: an authority, and nodes that it vouches for.
#pragma once

#include "cluster/transport/transport.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <string>

namespace lmq::test {

class authority {
public:
  /// @param name  of its files, too
  authority(const testing::temporary_folder& in, std::string name);

  /// A node's files.
  tls_files vouch_for(const std::string& node) const;

private:
  std::filesystem::path folder_;
  std::string name_;
};

} // namespace lmq::test
