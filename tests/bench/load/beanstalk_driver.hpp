// beanstalkd dialogues of the closed loop: put, and cycle (put, reserve, delete) on a tube.
#pragma once

#include "tests/bench/load/dialogue.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace lmq::bench {

/// The commands for one tube, shared by all connections that use it.
struct tube_commands {
  tube_commands(const std::string& tube, std::string_view body);

  std::string use;
  std::string watch;
  std::string ignore_default;
  std::string put;
};

using shared_commands = std::shared_ptr<const tube_commands>;

/// A unit is one put. The first unit also selects the tube.
std::unique_ptr<dialogue> make_put_dialogue(shared_commands commands);

/// A unit is a put, a reserve that doesn't wait (like the HTTP cycle's pull) and the delete of that job.
std::unique_ptr<dialogue> make_job_cycle_dialogue(shared_commands commands);

} // namespace lmq::bench
