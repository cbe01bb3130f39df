// The description of the HTTP API that the server gives of itself.
#pragma once

#include <string_view>

namespace lmq {

/// gateway/http/openapi.json, as it was when the program was built.
std::string_view openapi_json() noexcept;

} // namespace lmq
