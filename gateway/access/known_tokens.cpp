#include "gateway/access/known_tokens.hpp"

#include <openssl/crypto.h>

#include <functional>
#include <utility>

namespace lmq {

namespace {

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

/// @param needed  of a queue that the document names
access_denial no_right_by_document(const token_grant& grant, const needed_right& needed) {
  auto message = "the token of " + grant.name + " is not good for this: it takes the right ";
  message += to_text(needed.what);
  message += " on the queue that dead_letter names as well; name one that the token is good for, or let "
             "somebody set it whose token is good for both";
  return {access_denial::kind::no_right, std::move(message)};
}

bool allows(const token_grant& grant, const needed_right& needed) {
  return grant.rights.includes(needed.what) &&
         (needed.queue != nullptr ? grant.covers(*needed.queue) : grant.covers_all());
}

} // namespace

// -- secret_text -------------------------------------------------------------------------------------------------------

secret_text::~secret_text() {
  OPENSSL_cleanse(text_.data(), text_.size());
}

bool secret_text::is(std::string_view text) const noexcept {
  return text_.size() == text.size() && CRYPTO_memcmp(text_.data(), text.data(), text.size()) == 0;
}

// -- known_tokens ------------------------------------------------------------------------------------------------------

known_tokens::known_tokens(std::shared_ptr<const token_table> all) noexcept : all_(std::move(all)) {}

void known_tokens::replace(std::shared_ptr<const token_table> all) noexcept {
  remembered_ = {}; // first: it points into the table
  all_ = std::move(all);
}

std::optional<access_denial> known_tokens::denied(std::optional<std::string_view> token, const request* what,
                                                  token_place& last) {
  auto needed = what != nullptr ? needed_for(*what) : std::nullopt;
  if (what != nullptr && !needed)
    return std::nullopt;
  auto* known = token ? recall(*token, last) : nullptr;
  if (known == nullptr)
    return no_token(token.has_value());
  if (needed && !(known->grant->rights.includes(needed->what) && covers(*known, needed->queue)))
    return no_right(*known->grant, *needed);
  return std::nullopt;
}

std::optional<access_denial> known_tokens::denied(const token_digest& token, const request& what) const {
  auto needed = needed_for(what);
  if (!needed)
    return std::nullopt;
  const auto* grant = all_->find(token);
  if (grant == nullptr)
    return no_token(true);
  if (!allows(*grant, *needed))
    return no_right(*grant, *needed);
  if (auto more = needed_by_document(what); more && !allows(*grant, *more))
    return no_right_by_document(*grant, *more);
  return std::nullopt;
}

known_tokens::remembered_token* known_tokens::recall(std::string_view token, token_place& last) {
  if (auto* same = remembered_[last.index].get(); same != nullptr && same->text.is(token))
    return same;
  auto digest = digest_of(token);
  const auto* grant = all_->find(digest);
  if (grant == nullptr)
    return nullptr;
  auto index = digest_hash{}(digest) % tokens_max;
  auto& place = remembered_[index];
  if (!place || place->grant != grant) // else another connection bears it, too
    place = std::make_unique<remembered_token>(token, *grant);
  last.index = static_cast<std::uint16_t>(index);
  return place.get();
}

bool known_tokens::covers(remembered_token& known, const std::string* queue) {
  if (queue == nullptr || known.grant->covers_all())
    return known.grant->covers_all();
  if (known.queues.empty())
    known.queues.resize(queues_max);
  auto& place = known.queues[std::hash<std::string>{}(*queue) % queues_max];
  if (place.name != *queue) {
    auto covered = known.grant->covers(*queue);
    place = {}; // should there be no memory for the name, nothing is remembered
    place.name = *queue;
    place.covered = covered;
  }
  return place.covered;
}

} // namespace lmq
