// From an answer to the bytes of a response. Heads are written by hand, header names in lower case.
#pragma once

#include "gateway/answer.hpp"
#include "gateway/outbox.hpp"

#include <string_view>

namespace lmq {

/// What of its request and connection shapes a response, beside the answer itself.
struct response_frame {
  bool keep_alive = true; ///< false: `connection: close`
  bool http_1_0 = false;  ///< whose clients must be told that the connection stays
  bool head = false;      ///< no body, but the head that it would have
  std::string_view request_id = {};
  std::string_view date = {};
};

/// Appends the whole response. Cost: no copy of a body beyond `outbox::copied_bytes_max`.
void render(outbox& out, answer&& what, const response_frame& frame);

/// The status that `render` gives to the answer.
unsigned status_of(const answer& what) noexcept;

} // namespace lmq
