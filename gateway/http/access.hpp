// The token of an HTTP request, and the refusal of one that is not good for what is asked.
#pragma once

#include "gateway/access/known_tokens.hpp"
#include "gateway/http/target.hpp"

#include <optional>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// The token in the value of an `authorization` header; nothing if that is empty or has another scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept;

/// What is asked may be a broker's matter, an answer that needs nobody, or a refusal: who has no token learns
/// of none of them. Errors: unauthorized, forbidden
///
/// @param last  the connection's
std::optional<http_refusal> refused_access(known_tokens& tokens, std::string_view authorization,
                                           const tl::expected<http_request, http_refusal>& asked,
                                           token_place& last);

/// The same when the request's document has been read. Errors: unauthorized, forbidden
///
/// @param token  of what came with the head
std::optional<http_refusal> refused_document(const known_tokens& tokens, const token_digest& token,
                                             const request& what);

} // namespace lmq
