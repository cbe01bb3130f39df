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

  bool covers_all() const noexcept { return !queues; }

  /// Cost: the pattern over the name.
  bool covers(const std::string& queue) const;
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

} // namespace lmq
