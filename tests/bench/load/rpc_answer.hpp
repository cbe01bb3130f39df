// Reads a MessagePack-RPC answer out of a buffer: whether it is an error, a result that is a string, and the
// id of a message. Keeps nothing: the views point into the buffer.
#pragma once

#include <cstddef>
#include <string_view>

namespace lmq::bench {

struct rpc_answer {
  enum class state { incomplete, complete, malformed };

  state is = state::incomplete;
  bool is_error = false;
  std::string_view text; // of a result that is a str, like "ok"
  std::string_view id;   // of a result that is a message
  std::size_t bytes = 0; // of the whole answer
};

/// Parses `[1, msgid, error, result]` at the beginning of what was received.
/// Cost: O(values in it), whatever their length; no allocation
rpc_answer parse_rpc_answer(std::string_view received) noexcept;

} // namespace lmq::bench
