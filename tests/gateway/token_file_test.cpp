// Tokens out of a file's text, and what is said of a file that is wrong.
#define CAF_SUITE token_file

#include "gateway/access/token_file.hpp"

#include <caf/test/unit_test.hpp>

#include <vector>

using namespace lmq;

namespace {

const std::string token_a = "aaaaaaaaaaaaaaaa";
const std::string token_b = "bbbbbbbbbbbbbbbb";

/// What printf abc | sha256sum prints: the example of FIPS 180.
const std::string digest_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string complaint(const std::string& text) {
  auto r = parse_tokens(text);
  return r ? "it was taken" : r.error();
}

bool complains(const std::string& text, std::string_view line, std::string_view part) {
  auto found = complaint(text);
  CAF_MESSAGE(found);
  return found.starts_with(":" + std::string{line} + ": ") && found.find(part) != std::string::npos;
}

token_table taken(const std::string& text) {
  auto r = parse_tokens(text);
  if (!r)
    CAF_FAIL(r.error());
  return *std::move(r);
}

/// Whether the token may push to that queue.
bool pushes(const token_table& tokens, const std::string& token, const std::string& queue) {
  const auto* found = tokens.find(token);
  return found != nullptr && found->rights.includes(right::push) && found->covers(queue);
}

} // namespace

CAF_TEST(a line is a name rights a pattern and a token) {
  auto tokens = taken("worker push,pull jobs-.* " + token_a + "\n");
  const auto* found = tokens.find(token_a);
  CAF_REQUIRE(found != nullptr);
  CAF_CHECK_EQUAL(found->name, "worker");
  CAF_CHECK(found->rights.includes(right::push));
  CAF_CHECK(found->rights.includes(right::pull));
  CAF_CHECK(!found->rights.includes(right::admin));
  CAF_CHECK(tokens.find(token_b) == nullptr);
  CAF_CHECK(tokens.find("") == nullptr);
}

CAF_TEST(comments empty lines blanks tabs and line ends of every kind say nothing) {
  auto tokens =
    taken("# a comment\n\n  \t\n\ta  push\t.*   " + token_a + " \r\n  # b push .* x\nb pull .* " + token_b);
  CAF_CHECK_EQUAL(tokens.size(), 2u);
  CAF_CHECK(tokens.find(token_a) != nullptr);
  CAF_CHECK(tokens.find(token_b) != nullptr);
}

CAF_TEST(a token may stand there as its digest) {
  auto tokens = taken("a push .* sha256:" + digest_of_abc);
  CAF_CHECK(tokens.find("abc") != nullptr);
  CAF_CHECK(tokens.find(digest_of_abc) == nullptr);
  CAF_CHECK(tokens.find("sha256:" + digest_of_abc) == nullptr);
  auto capitals = digest_of_abc;
  for (auto& c : capitals)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  CAF_CHECK(taken("a push .* sha256:" + capitals).find("abc") != nullptr);
}

CAF_TEST(a pattern is for the whole name) {
  auto tokens = taken("a push jobs " + token_a);
  CAF_CHECK(pushes(tokens, token_a, "jobs"));
  for (auto other : {"jobs2", "my-jobs", "job", "", "JOBS", "jobs\xff"})
    CAF_CHECK(!pushes(tokens, token_a, other));
}

CAF_TEST(an alternative in a pattern is as whole as any) {
  auto tokens = taken("a push a|b " + token_a);
  CAF_CHECK(pushes(tokens, token_a, "a"));
  CAF_CHECK(pushes(tokens, token_a, "b"));
  CAF_CHECK(!pushes(tokens, token_a, "ab"));
  CAF_CHECK(!pushes(tokens, token_a, "b2"));
  CAF_CHECK(!pushes(tokens, token_a, "2a"));
}

CAF_TEST(a pattern can not close the brackets that are put around it) {
  CAF_CHECK(complains("a push x)|(?:.* " + token_a, "1", "RE2"));
  // A quotation without an end would take in what stands behind.
  CAF_CHECK(complains("a push \\Qx " + token_a, "1", "RE2"));
  auto tokens = taken("a push ^x$ " + token_a);
  CAF_CHECK(pushes(tokens, token_a, "x"));
  CAF_CHECK(!pushes(tokens, token_a, "xy"));
}

CAF_TEST(the pattern for all matches every name) {
  auto tokens = taken("a push .* " + token_a);
  for (auto name : {"a", "\xff\xfe", "a b"})
    CAF_CHECK(pushes(tokens, token_a, name));
}

CAF_TEST(a wrong line is named by its number and told what to write instead) {
  const auto good = "a push .* " + token_a + "\n";
  CAF_CHECK(complains(good + "b push .*", "2", "NAME RIGHTS PATTERN TOKEN"));
  CAF_CHECK(complains(good + "# x\n\nb push .* " + token_b + " more", "4", "has 5"));
  CAF_CHECK(complains("b" + std::string(64, 'b') + " push .* " + token_b, "1", "1 to 64 letters"));
  CAF_CHECK(complains("b/c push .* " + token_b, "1", "letters, digits"));
  for (auto rights : {"pus", "push,", ",push", "push,,pull", "PUSH", "all", "push;pull"})
    CAF_CHECK(
      complains(std::string{"b "} + rights + " .* " + token_b, "1", "write push, pull, watch or admin"));
  CAF_CHECK(complains("b push a[ " + token_b, "1", "RE2"));
  CAF_CHECK(complains("b push " + std::string(1025, 'x') + " " + token_b, "1", "1024"));
  CAF_CHECK(complains("b push .* short", "1", "16 to 512"));
  CAF_CHECK(complains("b push .* " + std::string(513, 'x'), "1", "16 to 512"));
  CAF_CHECK(complains("b push .* with\"quote\"in\"it\"x", "1", "letters, digits"));
  CAF_CHECK(complains("b push .* sha256:abcdef", "1", "64 hex digits"));
  CAF_CHECK(complains("b push .* sha256:" + std::string(64, 'g'), "1", "64 hex digits"));
}

CAF_TEST(nothing is no token also as a digest) {
  CAF_CHECK(complains("a push .* sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                      "1", "of nothing at all"));
}

CAF_TEST(names and tokens are there once) {
  const auto good = "a push .* " + token_a + "\n";
  CAF_CHECK(complains(good + "a pull .* " + token_b, "2", "named a already"));
  CAF_CHECK(complains(good + "b pull .* " + token_a, "2", "the token of a"));
  CAF_CHECK(
    complains("a push .* sha256:" + digest_of_abc + "\nb pull .* sha256:" + digest_of_abc, "2", "of a"));
}

CAF_TEST(a complaint never shows a token) {
  for (auto line : {"a push .* ", "a pus .* ", "a/ push .* ", "a push [ ", "a push .* x "}) {
    auto said = complaint(line + token_a + "!");
    CAF_CHECK(said != "it was taken");
    CAF_CHECK(said.find("aaaa") == std::string::npos);
  }
}

CAF_TEST(a file without a token is refused) {
  for (auto text : {"", "\n\n", "# nothing\n"})
    CAF_CHECK(complaint(text).starts_with(": there is no token in it; write "));
}

CAF_TEST(there is a limit to how many tokens there are) {
  std::string text;
  for (std::size_t i = 0; i < token_file_limits::tokens_max; ++i)
    text += "n" + std::to_string(i) + " push .* " + token_a + std::to_string(i) + "\n";
  CAF_CHECK_EQUAL(taken(text).size(), token_file_limits::tokens_max);
  CAF_CHECK(complains(text + "one push .* " + token_b, std::to_string(token_file_limits::tokens_max + 1),
                      "too many"));
}
