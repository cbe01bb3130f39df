// Reads an HTTP answer out of a buffer: status line, content-length and the few headers a client needs.
// The same for every HTTP server that is measured. Keeps nothing: the views point into the buffer.
#pragma once

#include <cstddef>
#include <string_view>

namespace lmq::bench {

struct http_answer {
  enum class state { incomplete, complete, malformed };

  state is = state::incomplete;
  int status = 0;
  std::string_view body;
  std::string_view message_id; // x-lmq-message-id
  std::string_view queue_name; // x-lmq-queue-name
  bool closes = false;         // connection: close
  std::size_t bytes = 0;       // of the whole answer
};

/// Parses the answer at the beginning of what was received. An answer without content-length has no body
/// (true of 204; chunked answers are called malformed: no server here sends them).
/// Cost: O(header bytes), no allocation
http_answer parse_http_answer(std::string_view received) noexcept;

} // namespace lmq::bench
