// Expressions over queue names: what they find, and what is refused.
#define CAF_SUITE pattern

#include "actors/pattern.hpp"
#include "dice.hpp"

#include <caf/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// -- many expressions, of which the first counts

namespace {

std::optional<std::size_t> first_of(const std::vector<std::string_view>& texts, std::string_view name) {
  auto list = pattern_list::compile(texts);
  CAF_REQUIRE(list.has_value());
  return list->first(name);
}

/// A piece of an expression that is no expression by itself, or one that is.
std::string random_expression(dice& random) {
  std::string text = random.one_in(3) ? "^" : "";
  for (auto n = random.below(5); n > 0; --n)
    text += random.one_of<std::string>({"a", "b", "\xe4", ".", "[ab]", "[^a]", "a*", "(a|bb)", "b{1,3}",
                                        "(?i)A", "\\b", ".*", "a?", "-", "$"});
  return random.one_in(4) ? text + "$" : text;
}

std::string random_name(dice& random) {
  std::string name;
  for (auto n = random.below(12); n > 0; --n)
    name += random.one_of({'a', 'b', 'B', '-', '\n', '\xe4', '\xff'});
  return name;
}

/// One pass over the name finds what one expression after the other finds, however little memory there is.
std::optional<std::string> compare_with_each(std::uint64_t seed, step_log* log) {
  dice random(seed);
  std::vector<std::string> texts;
  for (auto n = random.below(random.one_in(5) ? 200 : 8); n > 0; --n)
    texts.push_back(random_expression(random));
  std::vector<pattern> each;
  for (const auto& text : texts) {
    auto one = pattern::compile(text);
    if (!one)
      return "refused: " + text;
    each.push_back(*one);
    if (log)
      log->push_back(text);
  }
  auto memory = random.one_in(2) ? pattern_list::memory_bytes_max : 2000 + random.below(60'000);
  auto list = pattern_list::compile({texts.begin(), texts.end()}, memory);
  if (!list)
    return "the list is refused: " + list.error().detail;
  for (int i = 0; i < 50; ++i) {
    auto name = random_name(random);
    std::optional<std::size_t> wanted;
    for (std::size_t k = 0; k < each.size() && !wanted; ++k)
      if (each[k].finds(name))
        wanted = k;
    if (list->first(name) != wanted)
      return "another one finds " + name + ", with " + std::to_string(memory) + " bytes";
  }
  return std::nullopt;
}

} // namespace

CAF_TEST(of many expressions the first counts that finds the name) {
  using place = std::optional<std::size_t>;
  CAF_CHECK(first_of({"^b", "a", "ab"}, "ab") == place{1});
  CAF_CHECK(first_of({"^b", "", "ab"}, "ab") == place{1});
  CAF_CHECK(first_of({"^b", "c"}, "ab") == place{});
  CAF_CHECK(first_of({"b"}, "ab") == place{0});
  CAF_CHECK(first_of({}, "ab") == place{});
  CAF_CHECK(!pattern_list{}.first("ab"));
}

CAF_TEST(one bad expression among many is refused with its reason) {
  auto list = pattern_list::compile({"a", "(", "b"});
  CAF_REQUIRE(!list);
  CAF_CHECK(list.error().why == reason::bad_pattern);
}

CAF_TEST(expressions that are too large together are refused and what may be there fits into one automaton) {
  std::string text(1000, 'a');
  auto one = pattern::compile(text);
  CAF_REQUIRE(one.has_value());
  auto most = static_cast<std::size_t>(pattern_list::program_size_max / one->program_size());
  std::vector<std::string_view> texts(most, text);
  auto list = pattern_list::compile(texts);
  CAF_REQUIRE(list.has_value());
  CAF_CHECK(list->has_automaton());
  CAF_CHECK(list->program_size() <= pattern_list::program_size_max);
  texts.push_back(text);
  auto refused = pattern_list::compile(texts);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().why == reason::over_limit);
}

CAF_TEST(expressions for which an automaton has no room are looked for one by one) {
  auto list = pattern_list::compile({"x{100}", "b"}, 1000);
  CAF_REQUIRE(list.has_value());
  CAF_CHECK(!list->has_automaton());
  CAF_CHECK(list->first("ab") == std::optional<std::size_t>{1});
}

CAF_TEST(one pass over a name finds what one expression after the other finds) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  auto failure = failure_in_runs(seed, 400, compare_with_each);
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
}
