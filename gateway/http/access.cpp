#include "gateway/http/access.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size() ||
      !std::equal(scheme.begin(), scheme.end(), authorization.begin(), [](char wanted, char sent) {
        return wanted == (sent >= 'A' && sent <= 'Z' ? static_cast<char>(sent | 0x20) : sent);
      }))
    return std::nullopt;
  authorization.remove_prefix(scheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

namespace {

std::optional<http_refusal> to_http(std::optional<access_denial> no) {
  if (!no)
    return std::nullopt;
  switch (no->why) {
  case access_denial::kind::no_token: return http_refusal{http_reason::unauthorized, std::move(no->message)};
  case access_denial::kind::no_right: return http_refusal{http_reason::forbidden, std::move(no->message)};
  }
  return std::nullopt;
}

} // namespace

std::optional<http_refusal> refused_access(known_tokens& tokens, std::string_view authorization,
                                           const tl::expected<http_request, http_refusal>& asked,
                                           token_place& last) {
  const auto* of_broker = asked ? std::get_if<broker_request>(&*asked) : nullptr;
  return to_http(
    tokens.denied(bearer_token(authorization), of_broker != nullptr ? &of_broker->what : nullptr, last));
}

std::optional<http_refusal> refused_document(const known_tokens& tokens, const token_digest& token,
                                             const request& what) {
  return to_http(tokens.denied(token, what));
}

} // namespace lmq
