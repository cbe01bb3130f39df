// What an I/O thread knows of tokens: the table of all, and what it remembers of those that were presented to
// it, so that a request of a connection like the one before costs two comparisons instead of a digest, a
// look-up and a search for the token's pattern.
//
// Nothing is remembered but what the table says, and all of it is forgotten when another table takes its
// place. Bounded. Owned by the gateway of the thread and used on that thread alone.
#pragma once

#include "gateway/access/digest.hpp"
#include "gateway/access/rights.hpp"
#include "gateway/access/token_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// Why a request is not carried out.
struct access_denial {
  enum class kind {
    no_token, ///< none that is known
    no_right, ///< the token is known, and not good for this
  } why = kind::no_token;
  std::string message; ///< a sentence: what is missing and what to do
};

/// Where a connection's last token is remembered; all that a connection holds of it.
struct token_place {
  std::uint16_t index = 0;
};

/// A token as it was presented; leaves nothing of it in memory when it goes.
class secret_text {
public:
  explicit secret_text(std::string_view text) : text_(text) {}
  ~secret_text();
  secret_text(const secret_text&) = delete;
  secret_text& operator=(const secret_text&) = delete;

  /// Takes as long for any two of one length.
  bool is(std::string_view text) const noexcept;

private:
  std::string text_;
};

class known_tokens {
public:
  static constexpr std::size_t tokens_max = 512; ///< remembered at a time
  static constexpr std::size_t queues_max = 32;  ///< names of queues remembered for each of them

  /// @param all  null: nobody is asked for a token
  explicit known_tokens(std::shared_ptr<const token_table> all = nullptr) noexcept;

  /// From now on these are the tokens; nothing of the others is remembered.
  void replace(std::shared_ptr<const token_table> all) noexcept;

  /// Whether anybody is asked for a token; what follows is for those who are.
  bool asked_for() const noexcept { return all_ != nullptr; }

  /// Whether a request with this token may be carried out; what is open to everybody always may.
  ///
  /// @param token  as the client sent it; nothing: it sent none
  /// @param what   nullptr: what asks for any token at all, but for no right
  /// @param last   the connection's, brought up to date
  /// @returns nothing if it may. Cost: a comparison with the token remembered there and one with the name of
  /// the queue. Where it is another: one digest, one look-up, and the token's pattern over the name
  std::optional<access_denial> denied(std::optional<std::string_view> token, const request* what,
                                      token_place& last);

  /// Whether a request whose document has been read may be carried out, by what it asks for and by what that
  /// says (see `needed_by_document`). Cost: a look-up and the token's pattern over each name
  ///
  /// @param token  of what the client sent with the head
  std::optional<access_denial> denied(const token_digest& token, const request& what) const;

private:
  struct remembered_queue {
    std::string name; ///< empty: none
    bool covered = false;
  };

  struct remembered_token {
    remembered_token(std::string_view token, const token_grant& whose) : text(token), grant(&whose) {}

    secret_text text;
    const token_grant* grant;             ///< lies in the table
    std::vector<remembered_queue> queues; ///< by the hash of the name; none before the first is asked about
  };

  remembered_token* recall(std::string_view token, token_place& last);
  static bool covers(remembered_token& known, const std::string* queue);

  std::shared_ptr<const token_table> all_;
  std::array<std::unique_ptr<remembered_token>, tokens_max> remembered_; ///< by the digest of the token
};

} // namespace lmq
