// Properties and rules as JSON: what is taken, what is refused, how it is printed.
#define CAF_SUITE json_properties

#include "gateway/http/json_properties.hpp"
#include "gateway/http/json_redrive.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

property_set taken(std::string_view json) {
  auto set = parse_properties(json);
  if (!set)
    CAF_FAIL("refused: " << std::string(json) << ": " << set.error().message);
  return *set;
}

bool refused(std::string_view json, http_reason why) {
  auto set = parse_properties(json);
  return !set && set.error().why == why && !set.error().message.empty();
}

bool rules_refused(std::string_view json, http_reason why) {
  auto rules = parse_rules(json);
  return !rules && rules.error().why == why && !rules.error().message.empty();
}

template <class T>
std::string printed(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string again(std::string_view json) {
  return printed(taken(json));
}

} // namespace

CAF_TEST(what is absent stays unset) {
  CAF_CHECK(taken("{}") == property_set{});
  auto set = taken(R"({"retry":5})");
  CAF_CHECK(set.retry == 5u);
  CAF_CHECK(!set.accum && !set.timeout && !set.hooks);
}

CAF_TEST(times are seconds kept to the millisecond) {
  CAF_CHECK(taken(R"({"timeout":1.50000001})").timeout == 1500ms);
  CAF_CHECK(taken(R"({"timeout":0.0005})").timeout == 1ms);
  CAF_CHECK(taken(R"({"accum":86400.999})").accum == 86400999ms);
  CAF_CHECK(taken(R"({"accum":1e2})").accum == 100s);
  CAF_CHECK(taken(R"({"accum":0})").accum == 0ms);
}

CAF_TEST(pack is another name for accum but not beside it) {
  CAF_CHECK(taken(R"({"pack":20})").accum == 20s);
  CAF_CHECK(refused(R"({"pack":20,"accum":20})", http_reason::bad_property));
}

CAF_TEST(what is no JSON object is bad json) {
  for (auto* text : {"", "{", "{]", "retry=1", R"({"retry":1} x)", "[]", "1", "null", "\"x\"", "{\"\xff\":1}",
                     "{\"a\":1e400}"})
    CAF_CHECK(refused(text, http_reason::bad_json));
  CAF_CHECK(refused(std::string(200'000, '['), http_reason::bad_json));
  CAF_CHECK(refused(std::string(200'000, '[') + std::string(200'000, ']'), http_reason::bad_json));
}

CAF_TEST(an unknown key is refused also beside good ones) {
  for (auto* text : {R"({"retries":1})", R"({"retry":9,"color":"red"})", R"({"Retry":1})", R"({"":1})"})
    CAF_CHECK(refused(text, http_reason::unknown_property));
}

CAF_TEST(wrong types and values out of range are refused) {
  for (auto* key : {"accum", "timeout", "retry"})
    for (auto* value : {R"("1")", "true", "null", "[]", "{}", "-1", "-0.5", "1e300", "1e12"})
      CAF_CHECK(refused(std::string("{\"") + key + "\":" + value + "}", http_reason::bad_property));
  for (auto* value : {"true", "null", "[]", "{}", "1"})
    CAF_CHECK(refused(std::string(R"({"dead_letter":)") + value + "}", http_reason::bad_property));
  CAF_CHECK(refused(R"({"retry":1.5})", http_reason::bad_property));
  CAF_CHECK(refused(R"({"retry":1000000001})", http_reason::bad_property));
  CAF_CHECK(refused(R"({"retry":99999999999999999999})", http_reason::bad_property));
}

CAF_TEST(a whole number is one however it is written) {
  auto set = taken(R"({"retry":3.0,"max_messages":1e9,"max_bytes":1000000000000000.0})");
  CAF_CHECK(set.retry == 3u);
  CAF_CHECK(set.max_messages == 1'000'000'000u);
  CAF_CHECK(set.max_bytes == 1'000'000'000'000'000u);
  CAF_CHECK_EQUAL(again(R"({"retry":3.0})"), R"({"retry":3})");
  CAF_CHECK_EQUAL(again(R"({"retry":-0.0})"), R"({"retry":0})");
  for (auto* text : {R"({"retry":2.5})", R"({"retry":-1.0})", R"({"retry":1000000001.0})",
                     R"({"max_bytes":0.5})", R"({"max_messages":1e16})"})
    CAF_CHECK(refused(text, http_reason::bad_property));
  CAF_CHECK(parse_redrive(R"({"limit":1e3})") == 1000u);
  CAF_CHECK(parse_redrive(R"({"limit":7})") == 7u);
  for (auto* text : {R"({"limit":0.5})", R"({"limit":0.0})", R"({"limit":-1.0})", R"({"limit":"1"})"})
    CAF_CHECK(!parse_redrive(text));
}

CAF_TEST(the name of a queue of dead letters is read as it is printed) {
  auto bytes = *taken("{\"dead_letter\":\"a\xef\xbf\xbd"
                      "ff\"}")
                  .dead_letter;
  CAF_CHECK_EQUAL(bytes, std::string{"a\xff"});
  auto text = *taken(R"({"dead_letter":"a\u00ff"})").dead_letter;
  CAF_CHECK_EQUAL(text, std::string{"a\xc3\xbf"});
  for (auto* same : {"{\"dead_letter\":\"a\xef\xbf\xbd"
                     "ff\"}",
                     "{\"dead_letter\":\"a\xc3\xbf\"}"})
    CAF_CHECK_EQUAL(again(same), same);
}

CAF_TEST(hooks are lists of calls by point) {
  auto set = taken(R"({"hooks":{"pre_http_push":[["keep",["a","b"]],["other",[]]]}})");
  CAF_REQUIRE(set.hooks.has_value());
  std::vector<hook_call> wanted{{"keep", {"a", "b"}}, {"other", {}}};
  CAF_CHECK(set.hooks->at("pre_http_push") == wanted);
  for (auto* bad : {"1", "[]", "null", R"("x")", R"({"p":1})", R"({"p":["x"]})", R"({"p":[["x"]]})",
                    R"({"p":[["x","y"]]})", R"({"p":[["x",[1]]]})", R"({"p":[[]]})", R"({"p":[["x",[],1]]})"})
    CAF_CHECK(refused(std::string(R"({"hooks":)") + bad + "}", http_reason::bad_property));
  std::string many = R"(["x",[]])";
  for (std::size_t i = 0; i < property_limits::hooks_max; ++i)
    many += R"(,["x",[]])";
  CAF_CHECK(refused(R"({"hooks":{"p":[)" + many + "]}}", http_reason::bad_property));
}

CAF_TEST(keys print in alphabetical order and whole numbers without a fraction) {
  CAF_CHECK_EQUAL(printed(properties{}), R"({"accum":0,"retry":2,"timeout":30})");
  CAF_CHECK_EQUAL(printed(property_set{}), "{}");
  CAF_CHECK_EQUAL(again(R"({ "timeout" : 10.0, "retry": 1, "accum":0.25 })"),
                  R"({"accum":0.25,"retry":1,"timeout":10})");
  for (auto* same :
       {R"({"hooks":{"pre_http_push":[["k",["User-Agent","x\"y"]],["l",[]]]},"retry":1})", R"({"hooks":{}})",
        R"({"hooks":{"p":[]}})", R"({"accum":1,"max_bytes":1000000000000000,"max_messages":0,"retry":2})",
        R"({"paused":true,"retry":2})", R"({"paused":false})", R"({"dead_letter":"dead","retry":2})",
        R"({"dead_letter":""})"})
    CAF_CHECK_EQUAL(again(same), same);
  properties paused;
  paused.paused = true;
  CAF_CHECK_EQUAL(printed(paused), R"({"accum":0,"paused":true,"retry":2,"timeout":30})");
  for (auto* bad : {R"({"paused":1})", R"({"paused":"true"})", R"({"paused":null})"})
    CAF_CHECK(refused(bad, http_reason::bad_property));
}

CAF_TEST(rules print in the order and with the values in which they were set) {
  for (auto* same : {"[]", R"([["^b",{"retry":1}],["",{}],["a\\d\"ü",{"accum":0.5,"timeout":3}]])"}) {
    auto rules = parse_rules(same);
    CAF_REQUIRE(rules.has_value());
    CAF_CHECK_EQUAL(printed(*rules), same);
  }
}

CAF_TEST(more rules than there may be are over the limit) {
  std::string rules = "[";
  for (std::size_t i = 0; i < property_limits::rules_max; ++i)
    rules += R"(["a",{}],)";
  CAF_CHECK(rules_refused(rules + R"(["a",{}]])", http_reason::over_limit));
  rules.back() = ']';
  CAF_CHECK(parse_rules(rules).has_value());
}

CAF_TEST(rules of another shape are refused) {
  for (auto* bad : {"", "{}", "null", R"([["b"]])", R"([["b",{},1]])", R"([[]])", R"(["b",{}])",
                    R"([[1,{}]])", R"([["b",[]]])", R"([["b",{}],null])"})
    CAF_CHECK(rules_refused(bad, http_reason::bad_json));
  CAF_CHECK(rules_refused(R"([["b",{"retry":2}],["c",{"color":1}]])", http_reason::unknown_property));
  CAF_CHECK(rules_refused(R"([["b",{"retry":-1}]])", http_reason::bad_property));
}
