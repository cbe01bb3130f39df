#include "gateway/access/token_table.hpp"

#include <utility>

namespace lmq {

namespace {

bool allows(const token_grant& grant, const needed_right& needed) {
  if (!grant.rights.includes(needed.what))
    return false;
  return !grant.queues || (needed.queue != nullptr && grant.queues->finds(*needed.queue));
}

access_denial no_token(bool sent) {
  return {access_denial::kind::no_token,
          sent ? "nobody has this token; send one that is in the server's file of tokens"
               : "this server asks for a token; send one as authorization: Bearer TOKEN"};
}

access_denial no_right(const token_grant& grant, const needed_right& needed) {
  auto message = "the token of " + grant.name + " is not good for this: it takes the right ";
  message += to_text(needed.what);
  message +=
    needed.queue != nullptr ? " on this queue" : " on all queues, which is a token with the pattern .*";
  return {access_denial::kind::no_right, std::move(message)};
}

} // namespace

bool token_table::add(const token_digest& token, token_grant grant) {
  return grants_.emplace(token, std::move(grant)).second;
}

const token_grant* token_table::find(std::string_view token) const {
  return find(digest_of(token));
}

const token_grant* token_table::find(const token_digest& token) const {
  auto found = grants_.find(token);
  return found == grants_.end() ? nullptr : &found->second;
}

std::optional<access_denial> denied(const token_table& tokens, std::optional<std::string_view> token,
                                    const request* what) {
  auto needed = what != nullptr ? needed_for(*what) : std::nullopt;
  if (what != nullptr && !needed)
    return std::nullopt;
  const auto* grant = token ? tokens.find(*token) : nullptr;
  if (grant == nullptr)
    return no_token(token.has_value());
  if (needed && !allows(*grant, *needed))
    return no_right(*grant, *needed);
  return std::nullopt;
}

} // namespace lmq
