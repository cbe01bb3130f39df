// Makes a sound directory out of what is whole in a damaged one.
//
// The damaged one stays as it is: it is the only evidence, and a better program may find more in it.
// docs/operations/backup.md says what is kept and what is not, and why.
#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace lmq {

struct repair_report {
  struct file_flaw {
    std::string file;
    std::string what;
  };

  std::size_t tables = 0, logs = 0;         ///< files that were read
  std::set<std::string> queues;             ///< that have messages
  std::map<std::string, std::string> notes; ///< that are in the new directory
  std::uint64_t messages = 0;               ///< that are in the new directory
  std::vector<file_flaw> flaws;
  std::vector<std::string> dropped; ///< rows that were left out, and ids that are known to be lost
  std::vector<std::string> remarks; ///< nothing was lost with it
  std::string context;              ///< what became of it; empty: it is as it was

  /// Nothing was damaged, and nothing left out.
  bool whole() const noexcept { return flaws.empty() && dropped.empty(); }
};

/// @param from  its directory is the damaged one; the rest is for the new one
/// @param to    does not exist, and its parent does; or is empty
/// Errors: store_error; nothing is left of the new directory then
/// Cost: reads all files twice; memory: a few bytes for each message
tl::expected<repair_report, store_error> repair_directory(const store_options& from,
                                                          const std::filesystem::path& to);

} // namespace lmq
