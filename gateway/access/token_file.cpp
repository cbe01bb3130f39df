#include "gateway/access/token_file.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>
#include <vector>

namespace lmq {

namespace {

using limits = token_file_limits;

template <class T>
using checked_word = tl::expected<T, std::string>;

tl::unexpected<std::string> wrong(std::string sentence) {
  return tl::unexpected<std::string>(std::move(sentence));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> words;
  for (;;) {
    auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
      return words;
    line.remove_prefix(begin);
    auto end = std::min(line.find_first_of(blanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

checked_word<std::string> parse_name(std::string_view word) {
  if (word.size() > limits::name_bytes_max || !only(word, "._@-"))
    return wrong("the first word is the token's name, for people; write 1 to " +
                 std::to_string(limits::name_bytes_max) + " letters, digits and . _ @ -");
  return std::string{word};
}

checked_word<right_set> parse_rights(std::string_view word) {
  right_set out;
  for (;;) {
    auto comma = std::min(word.find(','), word.size());
    auto one = word.substr(0, comma);
    auto found =
      std::find_if(all_rights.begin(), all_rights.end(), [&](right r) { return to_text(r) == one; });
    if (found == all_rights.end())
      return wrong(
        "the second word is what the token is good for; write push, pull, watch or admin, or several of them "
        "with commas and no blanks between them");
    out.add(*found);
    if (comma == word.size())
      return out;
    word.remove_prefix(comma + 1);
  }
}

checked_word<std::optional<pattern>> parse_queues(std::string_view word) {
  if (word == ".*")
    return std::nullopt;
  // On its own first: what is wrong shows there, and no bracket of it pairs with one of ours.
  auto alone = pattern::compile(word);
  auto whole = alone ? pattern::compile("\\A(?:" + std::string{word} + ")\\z") : alone;
  if (!whole)
    return wrong("the third word is an expression for whole names of queues, .* for all: " +
                 whole.error().detail);
  return std::optional{*std::move(whole)};
}

checked_word<token_digest> parse_secret(std::string_view word) {
  constexpr std::string_view scheme = "sha256:";
  if (word.starts_with(scheme)) {
    auto digest = parse_digest(word.substr(scheme.size()));
    if (!digest)
      return wrong(
        "behind sha256: there are the 64 hex digits of the token's SHA-256, as sha256sum prints them");
    if (equal(*digest, digest_of("")))
      return wrong(
        "this is the SHA-256 of nothing at all; write the digest of a token, as printf %s TOKEN | sha256sum "
        "prints it");
    return *digest;
  }
  auto text = word.substr(0, word.find_last_not_of('=') + 1);
  if (word.size() < limits::token_bytes_min || word.size() > limits::token_bytes_max || !only(text, "-._~+/"))
    return wrong(
      "the fourth word is the token; write " + std::to_string(limits::token_bytes_min) + " to " +
      std::to_string(limits::token_bytes_max) +
      " letters, digits and - . _ ~ + / (openssl rand -hex 24 makes one), or sha256: and its digest");
  return digest_of(word);
}

checked_word<void> add_line(std::string_view line, token_table& into,
                            std::unordered_set<std::string>& names) {
  auto words = words_of(line);
  if (words.empty() || words.front().starts_with('#'))
    return {};
  if (words.size() != 4)
    return wrong("a line has four words and this one has " + std::to_string(words.size()) +
                 "; write NAME RIGHTS PATTERN TOKEN, like: worker push,pull jobs-.* TOKEN");
  auto name = parse_name(words[0]);
  if (!name)
    return wrong(std::move(name.error()));
  auto rights = parse_rights(words[1]);
  if (!rights)
    return wrong(std::move(rights.error()));
  auto queues = parse_queues(words[2]);
  if (!queues)
    return wrong(std::move(queues.error()));
  auto token = parse_secret(words[3]);
  if (!token)
    return wrong(std::move(token.error()));
  if (!names.insert(*name).second)
    return wrong("there is a token named " + *name + " already; give each line a name of its own");
  if (const auto* other = into.find(*token))
    return wrong("it is the token of " + other->name + "; give each line a token of its own");
  if (into.size() == limits::tokens_max)
    return wrong("it is one token too many; a server takes " + std::to_string(limits::tokens_max));
  into.add(*token, {*std::move(name), *rights, *std::move(queues)});
  return {};
}

} // namespace

tl::expected<token_table, std::string> parse_tokens(std::string_view text) {
  token_table out;
  std::unordered_set<std::string> names;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto end = std::min(text.find('\n'), text.size());
    if (auto done = add_line(text.substr(0, end), out, names); !done)
      return wrong(':' + std::to_string(number) + ": " + done.error());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  // Perhaps it is being written at this moment; and a server whose every request is refused is no use.
  if (out.size() == 0)
    return wrong(": there is no token in it; write at least one line: NAME RIGHTS PATTERN TOKEN");
  return out;
}

} // namespace lmq
