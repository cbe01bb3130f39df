// The commands for a data directory that no server has: restore, dump, repair.
//
// They write what was asked for to `out`, sentences to `err`, and end with an exit code. Main thread,
// blocking.
#pragma once

#include "apps/exit_code.hpp"

#include <cstdio>
#include <string>

namespace lmq {

struct repair_report;

/// A backup becomes a data directory.
struct restore_wanted {
  std::string from;
  std::string directory; ///< the new one
};

/// Every message as a line of JSON.
struct dump_wanted {
  std::string directory;
};

/// What is whole in a damaged directory goes to a new one.
struct repair_wanted {
  std::string directory;
  std::string to;
};

/// Where such a command writes. The files stay open.
struct output_files {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

/// As a person reads it: a line for each thing. What is said of damage may have names from the disk in it.
std::string text_of(const repair_report& r, const repair_wanted& asked);

exit_code run(const restore_wanted& asked, output_files files = {});
exit_code run(const dump_wanted& asked, output_files files = {});
exit_code run(const repair_wanted& asked, output_files files = {});

} // namespace lmq
