// From an answer to the bytes of `[1, msgid, error, result]`.
#pragma once

#include "gateway/answer.hpp"
#include "gateway/outbox.hpp"
#include "gateway/rpc/method.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace lmq {

/// Names an answer: the msgid of its request, or nil where that can't be told.
using rpc_answer_id = std::optional<std::uint32_t>;

/// Appends the whole answer. A message goes out as the value that it is, if its content type says that it is
/// one and its body holds no more than that; else as a string if it is UTF-8, else as bin.
///
/// @param depth_max  how deep a value may be that is given to clients as such
/// Cost: linear in what is answered; no copy of a body beyond `outbox::copied_bytes_max`
void render(outbox& out, rpc_answer_id id, rpc_result as, const answer& what, std::size_t depth_max);

void render_error(outbox& out, rpc_answer_id id, rpc_error why);

} // namespace lmq
