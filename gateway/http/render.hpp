// From an answer to the bytes of a response. Heads are written by hand, header names in lower case.
#pragma once

#include "actors/node_board.hpp"
#include "gateway/answer.hpp"
#include "gateway/http/target.hpp"
#include "gateway/outbox.hpp"

#include <string_view>

namespace lmq {

/// What of its request and connection shapes a response, beside the answer itself.
struct response_frame {
  bool keep_alive = true; ///< false: `connection: close`
  bool http_1_0 = false;  ///< whose clients must be told that the connection stays
  bool head = false;      ///< no body, but the head that it would have
  compound_format format = compound_format::multipart;
  std::string_view request_id = {};
  std::string_view date = {};
  const node_board* nodes = nullptr; ///< for the answer to GET /stats; looked at for no other
};

/// Appends the whole response. Cost: no copy of a body beyond `outbox::copied_bytes_max`.
/// @returns its status
unsigned render(outbox& out, const answer& what, const response_frame& frame);
unsigned render(outbox& out, const local_answer& what, const response_frame& frame);

} // namespace lmq
