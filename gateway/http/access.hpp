// The token of an HTTP request, and the refusal of one that is not good for what is asked.
#pragma once

#include "gateway/access/token_table.hpp"
#include "gateway/http/target.hpp"

#include <optional>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// The token in the value of an `authorization` header; nothing if that is empty or has another scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept;

/// What is asked may be a broker's matter, an answer that needs nobody, or a refusal: who has no token learns
/// of none of them. Errors: unauthorized, forbidden
std::optional<http_refusal> refused_access(const token_table& tokens, std::string_view authorization,
                                           const tl::expected<http_request, http_refusal>& asked);

} // namespace lmq
