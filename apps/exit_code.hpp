// How the program ends, for all its commands; `lmq --help` lists the same.
#pragma once

namespace lmq {

enum class exit_code : int {
  done = 0,
  refused = 1,     ///< the server said no, or had no message; of a server: stopping took too long
  usage = 2,       ///< the command line, a setting, or an address is wrong; nothing was done
  unreachable = 3, ///< no server answered
  storage = 4,     ///< the data directory can't be used, or the disk failed while serving
};

} // namespace lmq
