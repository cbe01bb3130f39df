// From the text of a file of tokens to the table of them.
//
// One token a line, four words with blanks or tabs between them:
//
//   NAME RIGHTS PATTERN TOKEN
//
// NAME is for people, 1 to `name_bytes_max` letters, digits and `._@-`, and the file has it once. RIGHTS are
// `push`, `pull`, `watch` and `admin` with commas between them. PATTERN is an RE2 expression for the whole
// name of a queue; `.*` stands for all queues, and for what concerns no single one. TOKEN is the token
// itself, or `sha256:` and the 64 hex digits of its digest. What begins with # and empty lines say nothing.
#pragma once

#include "gateway/access/token_table.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

struct token_file_limits {
  static constexpr std::size_t file_bytes_max = 1024 * 1024;
  static constexpr std::size_t tokens_max = 10'000;
  static constexpr std::size_t name_bytes_max = 64;
  static constexpr std::size_t token_bytes_min = 16; ///< shorter ones could be guessed
  static constexpr std::size_t token_bytes_max = 512;
};

/// Errors: what stands behind the file's name, never with a token in it: `:LINE: what is wrong and what to
/// write instead`; without a line where there is no token
tl::expected<token_table, std::string> parse_tokens(std::string_view text);

} // namespace lmq
