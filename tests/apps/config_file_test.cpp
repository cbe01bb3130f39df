// The configuration file: what a line may be, and how a misprint is told.
#define CAF_SUITE config_file

#include <caf/test/unit_test.hpp>

#include "apps/config_file.hpp"

using namespace lmq;

namespace {

/// The value of the only setting in `text`, or the error.
std::string value_in(std::string_view text) {
  auto settings = parse_config(text, "f");
  if (!settings)
    return settings.error();
  return settings->size() == 1 ? settings->front().value : "not one setting";
}

bool refused(std::string_view text, std::string_view words) {
  auto settings = parse_config(text, "f");
  return !settings && settings.error().find(words) != std::string::npos;
}

} // namespace

CAF_TEST(a line is a key and a value and knows its place) {
  auto settings =
    parse_config("# a comment\n\nhttp = \"127.0.0.1:9980\"\n  threads=2  # two\r\nmemory = true", "x.toml");
  CAF_REQUIRE(settings.has_value());
  CAF_REQUIRE_EQUAL(settings->size(), 3u);
  CAF_CHECK_EQUAL((*settings)[0].key, "http");
  CAF_CHECK_EQUAL((*settings)[0].value, "127.0.0.1:9980");
  CAF_CHECK_EQUAL((*settings)[0].place, "x.toml:3: http");
  CAF_CHECK_EQUAL((*settings)[1].value, "2");
  CAF_CHECK_EQUAL((*settings)[2].value, "true");
  CAF_CHECK_EQUAL((*settings)[2].place, "x.toml:5: memory");
}

CAF_TEST(quotes keep blanks and number signs) {
  CAF_CHECK_EQUAL(value_in(R"(name = "a # b")"), "a # b");
  CAF_CHECK_EQUAL(value_in(R"(name = "a" # b)"), "a");
  CAF_CHECK_EQUAL(value_in(R"(name = "say \"hi\" \\ \t")"), "say \"hi\" \\ \t");
  CAF_CHECK_EQUAL(value_in(R"(name = 'as \it is')"), R"(as \it is)");
  CAF_CHECK_EQUAL(value_in(R"(name = "")"), "");
}

CAF_TEST(what is no setting is refused with its line) {
  CAF_CHECK(refused("a = 1\n[node]\n", "f:2: there are no sections"));
  CAF_CHECK(refused("threads\n", "f:1: a line is key = value"));
  CAF_CHECK(refused("= 2\n", "f:1: a line is key = value"));
  CAF_CHECK(refused("two words = 2\n", "f:1: a line is key = value"));
  CAF_CHECK(refused("a.b = 2\n", "f:1: a line is key = value"));
  CAF_CHECK(refused("\n\nx", "f:3: a line is key = value"));
}

CAF_TEST(what is no value is refused with its line and key) {
  CAF_CHECK(refused("http = 127.0.0.1:9980",
                    "f:1: http: \"127.0.0.1:9980\" is no value; write text in double quotes"));
  CAF_CHECK(refused("http =", "f:1: http: \"\" is no value"));
  CAF_CHECK(refused("http = # none", "f:1: http: \"\" is no value"));
  CAF_CHECK(refused("name = \"open", "the closing \" is missing"));
  CAF_CHECK(refused("name = 'open", "the closing ' is missing"));
  CAF_CHECK(refused(R"(name = "a\qb")", "behind a backslash"));
  CAF_CHECK(refused("name = \"a\\", "behind a backslash"));
  CAF_CHECK(refused(R"(name = "a" "b")", "only a comment may follow"));
  CAF_CHECK(refused("list = [1, 2]", "is no value"));
}

CAF_TEST(a key that comes twice is refused) {
  CAF_CHECK(refused("threads = 1\nname = \"a\"\nthreads = 2\n", "f:3: threads: it was set before"));
}

CAF_TEST(an empty file sets nothing) {
  auto settings = parse_config("", "f");
  CAF_REQUIRE(settings.has_value());
  CAF_CHECK(settings->empty());
}

CAF_TEST(a file that can not be read is named with the reason) {
  auto missing = read_config_file("/nowhere/lmq.toml");
  CAF_REQUIRE(!missing);
  CAF_CHECK_EQUAL(
    missing.error(),
    "/nowhere/lmq.toml: can't read it: No such file or directory; name a file of key = value lines");
  auto folder = read_config_file("/");
  CAF_REQUIRE(!folder);
  CAF_CHECK(folder.error().find("Is a directory") != std::string::npos);
}
