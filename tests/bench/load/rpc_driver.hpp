// The MessagePack-RPC dialogue of the closed loop: the cycle push, pull, done.
#pragma once

#include "tests/bench/load/dialogue.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace lmq::bench {

/// The calls for one queue, shared by all connections that use it.
struct queue_calls {
  queue_calls(const std::string& queue, std::string_view content);

  std::string push;
  std::string pull;      // timeout 0, as the HTTP cycle's
  std::string done_head; // the id goes behind it, as a string of 16 bits' length
};

using shared_calls = std::shared_ptr<const queue_calls>;

/// A unit is a push ("ok"), a pull (a message) and done ("ok") for its id.
std::unique_ptr<dialogue> make_rpc_cycle_dialogue(shared_calls calls);

} // namespace lmq::bench
