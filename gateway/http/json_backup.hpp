// What `POST /backup` is sent.
#pragma once

#include "gateway/http/refusals.hpp"

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// `{"directory":"/absolute/path"}`. Errors: bad_json (no JSON, or another shape), bad_parameter (not
/// absolute)
tl::expected<std::string, http_refusal> parse_backup(std::string_view json);

} // namespace lmq
