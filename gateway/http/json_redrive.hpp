// What `POST /queues/NAME/redrive` may be sent.
#pragma once

#include "gateway/http/refusals.hpp"

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// `{"limit":100}`, `{}` or nothing at all: no limit. Errors: bad_json (no JSON, or another shape),
/// bad_parameter (no whole number)
tl::expected<std::uint64_t, http_refusal> parse_redrive(std::string_view json);

} // namespace lmq
