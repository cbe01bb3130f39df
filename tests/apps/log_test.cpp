// The form of a line in the log.
#define CAF_SUITE log

#include <caf/test/unit_test.hpp>

#include "apps/log.hpp"
#include "core/log_value.hpp"

#include <nlohmann/json.hpp>
#include <regex>

using namespace lmq;

CAF_TEST(a line has the time in utc the level and the event) {
  CAF_CHECK(
    std::regex_match(in_log_form("http.listen port=1", log_level::warn),
                     std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn http\.listen port=1\n)"}));
  for (auto level : {log_level::debug, log_level::info, log_level::error})
    CAF_CHECK(in_log_form("x", level).ends_with(" " + std::string{to_text(level)} + " x\n"));
}

CAF_TEST(what comes from strangers can not begin a line of its own) {
  CAF_CHECK(in_log_form("queue=a\nb\r\x1b[31m\x7f"
                        "c\td",
                        log_level::info)
              .ends_with(R"( info queue=a\x0ab\x0d\x1b[31m\x7fc\x09d)"
                         "\n"));
  CAF_CHECK(in_log_form("\xc3\xa4 {} %v", log_level::info).ends_with(" \xc3\xa4 {} %v\n"));
}

CAF_TEST(what ends a line or controls a terminal in Unicode stays in its line) {
  // NEL, CSI of C1, the line and the paragraph separator, DEL
  const std::string name = "a\xc2\x85"
                           "b\xc2\x9b"
                           "2J\xe2\x80\xa8"
                           "c\xe2\x80\xa9"
                           "d\x7f";
  auto event = "queue.down name=" + log_value(name);
  CAF_CHECK(in_log_form(event, log_level::info)
              .ends_with(R"( info queue.down name="a\x85b\x9b2J\u2028c\u2029d\x7f")"
                         "\n"));
  auto line = in_log_form(event, log_level::info, log_form::json);
  CAF_CHECK(line.ends_with(R"("name":"a\u0085b\u009b2J\u2028c\u2029d\u007f"})"
                           "\n"));
  auto back = nlohmann::json::parse(line)["name"].get<std::string>();
  CAF_CHECK_EQUAL(back, name);
  CAF_CHECK(in_log_form("queue=\x9b"
                        "2J",
                        log_level::info)
              .ends_with(R"( queue=\x9b2J)"
                         "\n"));
}

CAF_TEST(for programs a line is an object with a member for each field) {
  auto line =
    in_log_form("http.listen address=127.0.0.1 port=9980 tls=false", log_level::info, log_form::json);
  CAF_CHECK(std::regex_match(
    line, std::regex{R"re(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info",)re"
                     R"re("event":"http\.listen","address":"127\.0\.0\.1","port":9980,"tls":false\}\n)re"}));
  auto is = [](const std::string& event, const std::string& members) {
    auto whole = in_log_form(event, log_level::warn, log_form::json);
    CAF_MESSAGE(whole);
    return whole.ends_with("\"level\":\"warn\"," + members + "}\n");
  };
  CAF_CHECK(is(R"re(queue.down name="say \"hi\" there" n=-1.5 message="it is, well")re",
               R"re("event":"queue.down","name":"say \"hi\" there","n":-1.5,"message":"it is, well")re"));
  CAF_CHECK(is("x a=0x1f b= just words c=1e999",
               R"re("event":"x","a":"0x1f","b":"","c":"1e999","message":"just words")re"));
  CAF_CHECK(is("q name=\"a\nb\xff\"", "\"event\":\"q\",\"name\":\"a\\nb\xef\xbf\xbd\""));
}

CAF_TEST(a name can not forge fields) {
  for (std::string name : {R"(a" message="forged)", R"(a\" message="forged)", "a message=forged", R"(a\)",
                           "5", "true", "a\nevent=x", R"(","event":"forged)"}) {
    auto event = "queue.down name=" + log_value(name) + R"( messages=3 message="ours")";
    auto line = nlohmann::json::parse(in_log_form(event, log_level::error, log_form::json));
    CAF_CHECK_EQUAL(line.size(), 6u); // time, level, event and three fields
    CAF_CHECK_EQUAL(line["event"].get<std::string>(), "queue.down");
    CAF_CHECK_EQUAL(line["name"].get<std::string>(), name);
    CAF_CHECK_EQUAL(line["messages"].get<int>(), 3);
    CAF_CHECK_EQUAL(line["message"].get<std::string>(), "ours");
  }
  CAF_CHECK(in_log_form("x name=" + log_value("a\nb"), log_level::info)
              .ends_with(R"( info x name="a\x0ab")"
                         "\n"));
}
