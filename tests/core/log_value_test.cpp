// Values in a line of the log: they end where they end.
#define CAF_SUITE log_value

#include <caf/test/unit_test.hpp>

#include "core/log_value.hpp"

#include <string>

using namespace lmq;

namespace {

/// What is read back from the front of a line, and what is left of it.
std::string back(const std::string& value, const std::string& rest) {
  auto written = log_value(value) + rest;
  std::string_view line{written};
  auto out = take_log_value(line);
  if (line != rest)
    CAF_FAIL("left: " << std::string{line});
  return out;
}

} // namespace

CAF_TEST(what is plain stands as it is) {
  for (std::string plain :
       {"jobs", "jobs.dead", "a/b:c@d_e-f+g", "127.0.0.1:9980", "lmq@a", "5a", "0x1f", "-", "1.2.3"})
    CAF_CHECK_EQUAL(log_value(plain), plain);
}

CAF_TEST(everything else stands in quotes) {
  CAF_CHECK_EQUAL(log_value(""), R"("")");
  CAF_CHECK_EQUAL(log_value("two words"), R"("two words")");
  CAF_CHECK_EQUAL(log_value(R"(say "hi")"), R"("say \"hi\"")");
  CAF_CHECK_EQUAL(log_value(R"(a\)"), R"("a\\")");
  CAF_CHECK_EQUAL(log_value("a=b"), R"("a=b")");
  CAF_CHECK_EQUAL(log_value("\xc3\xa4"), "\"\xc3\xa4\"");
}

CAF_TEST(a text that looks like a number or a switch is told apart from one) {
  for (std::string word : {"5", "-1.5", "1e9", "1e999", "true", "false"})
    CAF_CHECK_EQUAL(log_value(word), '"' + word + '"');
}

CAF_TEST(what was quoted is read back whatever it holds and whatever follows) {
  for (std::string value : {R"()", R"(a" message="forged)", R"(a\" message="forged)", R"(\)", R"(\\")",
                            R"(")", "a b\n\x1b[31m", "5"})
    for (std::string rest : {"", " message=\"ours\"", "\""})
      CAF_CHECK_EQUAL(back(value, rest), value);
}

CAF_TEST(quotes that are not closed go to the end) {
  std::string_view line{R"("a b\)"};
  CAF_CHECK_EQUAL(take_log_value(line), R"(a b\)");
  CAF_CHECK(line.empty());
}
