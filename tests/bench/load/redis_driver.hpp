// The redis dialogue of the closed loop: RPUSH to a list, one command in flight (RESP).
#pragma once

#include "tests/bench/load/dialogue.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace lmq::bench {

/// The command for one list, shared by all connections that use it.
struct list_commands {
  list_commands(std::string_view list, std::string_view body);

  std::string push;
};

using shared_list_commands = std::shared_ptr<const list_commands>;

/// A unit is one RPUSH, answered with the list's length.
std::unique_ptr<dialogue> make_list_push_dialogue(shared_list_commands commands);

} // namespace lmq::bench
