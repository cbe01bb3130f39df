// Expressions over queue names: what they find, and what is refused.
#define CAF_SUITE pattern

#include "actors/pattern.hpp"

#include <caf/test/unit_test.hpp>
#include <string>

using namespace lmq;

namespace {

bool finds(const std::string& expression, const std::string& name) {
  auto p = pattern::compile(expression);
  CAF_REQUIRE(p.has_value());
  return p->finds(name);
}

bool refused(const std::string& expression) {
  auto p = pattern::compile(expression);
  return !p && p.error().why == reason::bad_pattern && !p.error().detail.empty();
}

} // namespace

CAF_TEST(an expression is found anywhere in a name) {
  CAF_CHECK(finds("b", "abc"));
  CAF_CHECK(finds("^a.c$", "abc"));
  CAF_CHECK(!finds("^b", "abc"));
  CAF_CHECK(!finds("B", "abc"));
  CAF_CHECK(finds("(?i)B", "abc"));
}

CAF_TEST(the empty expression finds every name) {
  CAF_CHECK(finds("", "a"));
  CAF_CHECK(finds("", std::string(255, 'a')));
}

CAF_TEST(names and expressions are bytes) {
  CAF_CHECK(finds("^.$", "\xff"));
  CAF_CHECK(finds("^..$", "\xc3\xa4"));
  CAF_CHECK(finds("\xff", "a\xff"));
  CAF_CHECK(finds("^[\x80-\xff]+$", "\xc3\xa4\x80"));
}

CAF_TEST(a bad expression is refused with its reason) {
  for (auto text : {"(", ")", "[", "*", "a{2,1}", "(?<name", "\\"})
    CAF_CHECK(refused(text));
}

CAF_TEST(what asks for backtracking is refused) {
  CAF_CHECK(refused("(a)\\1"));
  CAF_CHECK(refused("(?=a)"));
  CAF_CHECK(refused("(?<!a)b"));
}

CAF_TEST(an expression that is long or would grow is refused) {
  CAF_CHECK(!refused(std::string(pattern::text_bytes_max, 'a')));
  CAF_CHECK(refused(std::string(pattern::text_bytes_max + 1, 'a')));
  CAF_CHECK(refused("((a{100}){100}){100}"));
}

CAF_TEST(an expression that would ruin a backtracking engine is answered in linear time) {
  CAF_CHECK(!finds("^(a+)+$", std::string(254, 'a') + "b"));
}

CAF_TEST(a copy finds what the original finds and keeps its text) {
  auto p = pattern::compile("^a");
  CAF_REQUIRE(p.has_value());
  auto copy = *p;
  CAF_CHECK(copy.finds("ab"));
  CAF_CHECK_EQUAL(copy.text(), "^a");
}

CAF_TEST(repetitions that make a small expression large are refused) {
  CAF_CHECK(refused("(.?){1000}x"));
  CAF_CHECK(refused("([a-h]{1,250}){3}x"));
  CAF_CHECK(!refused("^[a-z]{1,60}-[0-9]{1,10}$"));
}
