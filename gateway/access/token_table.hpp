// The tokens that a server knows, and what each may do.
//
// Made of a file's text (token_file.hpp), then shared unchanged by all I/O threads; read again, it is a new
// table that takes the place of the old one.
#pragma once

#include "actors/pattern.hpp"
#include "gateway/access/digest.hpp"
#include "gateway/access/rights.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lmq {

/// What a token is good for.
struct token_grant {
  std::string name; ///< for people; not secret
  right_set rights;
  std::optional<pattern> queues; ///< finds whole names; nothing: all queues
};

class token_table {
public:
  /// @returns false if there is that token already
  bool add(const token_digest& token, token_grant grant);

  /// nullptr if nobody has that token. Asks for no memory.
  const token_grant* find(std::string_view token) const;

  /// Whose token that is; nullptr: nobody's.
  const token_grant* find(const token_digest& token) const;

  std::size_t size() const noexcept { return grants_.size(); }

private:
  std::unordered_map<token_digest, token_grant, digest_hash, digest_equal> grants_;
};

/// Why a request is not carried out.
struct access_denial {
  enum class kind {
    no_token, ///< none that is known
    no_right, ///< the token is known, and not good for this
  } why = kind::no_token;
  std::string message; ///< a sentence: what is missing and what to do
};

/// Whether a request with this token may be carried out; what is open to everybody always may.
///
/// @param token  as the client sent it; nothing: it sent none
/// @param what   nullptr: what asks for any token at all, but for no right
/// @returns nothing if it may. Cost: one digest, one look-up, and the token's pattern over the name of the
/// queue; no memory where it may
std::optional<access_denial> denied(const token_table& tokens, std::optional<std::string_view> token,
                                    const request* what);

} // namespace lmq
