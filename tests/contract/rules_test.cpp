// Rules: the defaults by name, their order, their reach.
#define CAF_SUITE rules

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

constexpr auto system_default = R"({"accum":0,"retry":2,"timeout":30})";

http_response put(http_client& client, std::string_view json) {
  return client.request("PUT", "/properties", {}, json);
}

std::string rules_text(http_client& client) {
  return client.request("GET", "/properties").body;
}

} // namespace

EVERY_WIRE("the first rule that matches is the default of a queue") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_rules({{"no match", {.retry = 1}}, {"^" + name, {.retry = 6}}, {name, {.retry = 8}}});
  client->push(name, "x");
  expect_equal(client->pull(name).value().retry_remaining, 6);
  client->set_rules({});
}

EVERY_WIRE("a change of the rules reaches live queues at once") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "a");
  client->set_rules({{name, {.timeout = 0.2}}});
  stopwatch watch;
  client->pull(name).value();
  expect(client->pull(name, seconds{8.0}).has_value(), "the old timeout");
  expect_took(watch.elapsed(), seconds{0.2});
  client->set_rules({});
  client->push(name, "b");
  expect_equal(client->pull(name).value().retry_remaining, 2);
}

CONTRACT("a change of the rules reaches each of many queues before it is answered") {
  auto client = http();
  auto name = fresh_name();
  constexpr int many = 200; // more than follow in one step
  for (int i = 0; i < many; ++i)
    expect_nothing(pull(client, name + "-" + std::to_string(i)));
  expect_nothing(
    put(client, R"([["^)" + name + R"(-.*7$",{"max_messages":1}],["^)" + name + R"(",{"retry":5}]])"));
  for (int i = 0; i < many; ++i) {
    auto queue = name + "-" + std::to_string(i);
    push_ok(client, queue, "a");
    bool few = i % 10 == 7;
    expect_status(client.request("POST", "/messages/" + queue, {}, "b"), few ? 429 : 200);
    expect_equal(header_of(pull_ok(client, queue), "x-lmq-retry-remaining"), std::string{few ? "2" : "5"});
  }
  expect_nothing(client.request("DELETE", "/properties"));
}

CONTRACT("rules that are too many, or too large together, are over_limit and change nothing") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}]])"));
  std::string many = "[", large = "[";
  for (int i = 0; i < 1001; ++i)
    many += R"(["a",{}],)";
  for (int i = 0; i < 1000; ++i)
    large += R"(["^[a-z]{1,60}-[0-9]{1,10}$",{}],)";
  many.back() = large.back() = ']';
  expect_refused(put(client, many), 507, "over_limit");
  expect_refused(put(client, large), 507, "over_limit");
  expect_equal(rules_text(client), R"([["a",{"retry":1}]])");
}

CONTRACT("without rules the list is empty") {
  auto client = http();
  expect_nothing(put(client, "[]"));
  expect_json(client.request("GET", "/properties"), "[]");
}

CONTRACT("rules print in the order and with the values in which they were set, compactly") {
  auto client = http();
  expect_nothing(put(client, R"([ ["^z", {"retry": 1}], ["^a", {"accum": 0.5, "timeout": 60}], ["", {}] ])"));
  expect_json(client.request("GET", "/properties"),
              R"([["^z",{"retry":1}],["^a",{"accum":0.5,"timeout":60}],["",{}]])");
}

CONTRACT("PUT replaces the whole list") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}],["b",{"retry":2}]])"));
  expect_nothing(put(client, R"([["c",{"retry":3}]])"));
  expect_equal(rules_text(client), R"([["c",{"retry":3}]])");
}

CONTRACT("DELETE removes all rules, and queues fall back to the system's defaults") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(put(client, R"([["",{"retry":1}]])"));
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":1,"timeout":30})");
  expect_nothing(client.request("DELETE", "/properties"));
  expect_equal(rules_text(client), "[]");
  expect_equal(properties_text(client, name), system_default);
}

CONTRACT("only the first matching rule is used, also for keys that it does not set") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(put(client, R"([["^)" + name + R"($",{"retry":7}],["",{"retry":1,"timeout":5}]])"));
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":7,"timeout":30})");
  expect_equal(properties_text(client, fresh_name()), R"({"accum":0,"retry":1,"timeout":5})");
}

CONTRACT("a queue's own value beats the rule's, and a reset brings the rule's back") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(put(client, R"([[")" + name + R"(",{"retry":7,"timeout":5}]])"));
  set_properties(client, name, R"({"retry":1})");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":1,"timeout":5})");
  expect_nothing(client.request("DELETE", "/properties/" + name));
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":7,"timeout":5})");
}

CONTRACT("a rule's pattern is searched for anywhere in the name") {
  auto client = http();
  expect_nothing(put(client, R"([["b+",{"retry":7}]])"));
  expect_equal(properties_text(client, "aabbcc"), R"({"accum":0,"retry":7,"timeout":30})");
  expect_equal(properties_text(client, "aacc"), system_default);
}

CONTRACT("a bad pattern is refused and nothing changes") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}]])"));
  for (auto* bad :
       {R"([["(",{"retry":5}]])", R"([["[",{}]])", R"([["b",{"retry":5}],["*",{}]])", R"([["a**",{}]])"})
    expect_refused(put(client, bad), 400, "bad_pattern");
  expect_equal(rules_text(client), R"([["a",{"retry":1}]])");
}

CONTRACT("patterns are those of RE2: what needs backtracking is refused") {
  auto client = http();
  for (auto* bad : {R"([["(a)\\1",{}]])", R"x([["a(?=b)",{}]])x", R"([["(?<!a)b",{}]])"})
    expect_refused(put(client, bad), 400, "bad_pattern");
}

CONTRACT("a pattern that would take for ever elsewhere takes no time") {
  auto client = http();
  expect_nothing(put(client, R"([["^(a+)+$",{"retry":1}]])"));
  stopwatch watch;
  expect_equal(properties_text(client, std::string(200, 'a') + "!"), system_default);
  expect_prompt(watch.elapsed());
}

CONTRACT("a waiter and a queue survive refused rules") {
  auto name = fresh_name();
  auto waiter = http();
  auto client = http();
  waiter.send("GET", "/messages/" + name + "?t=20");
  let_it_arrive();
  expect_refused(put(client, R"([["(",{}]])"), 400, "bad_pattern");
  push_ok(client, name, "x");
  expect_equal(waiter.receive().body, "x");
}

CONTRACT("rules that are no JSON list are refused as bad_json") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}]])"));
  for (auto* bad : {"", "[", "{}", "null", "1", R"("a")"})
    expect_refused(put(client, bad), 400, "bad_json");
  expect_equal(rules_text(client), R"([["a",{"retry":1}]])");
}

CONTRACT("a rule that is not a pattern and its properties is refused") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}]])"));
  for (auto* bad : {R"([["b"]])", R"([["b",{},1]])", R"([[]])", R"(["b",{}])", R"([[1,{}]])", R"([["b",[]]])",
                    R"([["b",null]])", R"([["b",{}],null])", R"([{"b":{}}])"})
    expect_status(put(client, bad), 400);
  expect_equal(rules_text(client), R"([["a",{"retry":1}]])");
}

CONTRACT("an unknown key or a bad value in any rule is refused and nothing changes") {
  auto client = http();
  expect_nothing(put(client, R"([["a",{"retry":1}]])"));
  expect_refused(put(client, R"([["b",{"retry":2}],["c",{"color":1}]])"), 400, "unknown_property");
  for (auto* bad : {R"([["b",{"retry":-1}]])", R"([["b",{"timeout":"1"}]])", R"([["b",{"retry":1.5}]])"})
    expect_refused(put(client, bad), 400, "bad_property");
  expect_equal(rules_text(client), R"([["a",{"retry":1}]])");
}

CONTRACT("the content-type of PUT is not looked at") {
  auto client = http();
  expect_nothing(client.request("PUT", "/properties", {{"content-type", "text/plain"}}, "[]"));
}

CONTRACT("a rule for accumulation opens windows in queues that it matches") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(put(client, R"([[")" + name + R"(",{"accum":30}]])"));
  expect_json(push(client, name, "x"), R"({"accum":"new"})");
  expect_json(push(client, fresh_name(), "x"), R"({"accum":"no"})");
}
