// Properties of one queue: what is set, what is printed, what is refused.
#define CAF_SUITE properties

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

constexpr auto system_default = R"({"accum":0,"retry":2,"timeout":30})";

http_response patch(http_client& client, const std::string& name, std::string_view json) {
  return client.request("PATCH", "/properties/" + name, {}, json);
}

} // namespace

EVERY_WIRE("a property set holds at once, and those not named stay") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 4});
  client->set_properties(name, {.timeout = 0.2});
  client->push(name, "x");
  stopwatch watch;
  expect_equal(client->pull(name).value().retry_remaining, 4);
  expect_equal(client->pull(name, seconds{8.0}).value().retry_remaining, 3);
  expect_took(watch.elapsed(), seconds{0.2});
}

EVERY_WIRE("a reset brings the defaults back and keeps the messages") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 9});
  client->push(name, "a");
  client->reset_properties(name);
  client->push(name, "b");
  expect_equal(client->pull(name).value().retry_remaining, 9);
  expect_equal(client->pull(name).value().retry_remaining, 2);
}

EVERY_WIRE("negative properties are refused and change nothing") {
  auto client = wire.connect();
  auto name = fresh_name();
  for (auto& bad :
       {queue_properties{.accum = -1}, queue_properties{.retry = -1}, queue_properties{.timeout = -1}}) {
    try {
      client->set_properties(name, bad);
      expect(false, "accepted");
    } catch (const refused&) {
      expect(true, "refused");
    }
  }
  expect(client->push(name, "x") == push_result::stored, "accum changed");
  expect_equal(client->pull(name).value().retry_remaining, 2);
}

CONTRACT("a queue without properties of its own shows the system's, as compact JSON") {
  auto client = http();
  expect_json(client.request("GET", "/properties/" + fresh_name()), system_default);
}

CONTRACT("PATCH is 204, merges, and creates the queue") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(patch(client, name, R"({"retry":5})"));
  expect(queue_exists(client, name), "no queue");
  expect_nothing(patch(client, name, R"({"timeout":10})"));
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":5,"timeout":10})");
  expect_nothing(patch(client, name, R"({"retry":0,"accum":7})"));
  expect_equal(properties_text(client, name), R"({"accum":7,"retry":0,"timeout":10})");
}

CONTRACT("DELETE is 204, resets, and creates the queue") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":1,"retry":1,"timeout":1})");
  expect_nothing(client.request("DELETE", "/properties/" + name));
  expect_equal(properties_text(client, name), system_default);
  auto other = fresh_name();
  expect_nothing(client.request("DELETE", "/properties/" + other));
  expect(queue_exists(client, other), "no queue");
}

CONTRACT("PATCH {} changes nothing and creates the queue") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(patch(client, name, "{}"));
  expect(queue_exists(client, name), "no queue");
  set_properties(client, name, R"({"retry":8})");
  expect_nothing(patch(client, name, "{}"));
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":8,"timeout":30})");
}

CONTRACT("keys print in alphabetical order, whole numbers without a fraction, others with theirs") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"timeout":10.0,"retry":1,"accum":0.25})");
  expect_equal(properties_text(client, name), R"({"accum":0.25,"retry":1,"timeout":10})");
  set_properties(client, name, R"({"timeout":1.5,"accum":1e2})");
  expect_equal(properties_text(client, name), R"({"accum":100,"retry":1,"timeout":1.5})");
}

CONTRACT("seconds are kept to the millisecond") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"timeout":0.001,"accum":0.123})");
  expect_equal(properties_text(client, name), R"({"accum":0.123,"retry":2,"timeout":0.001})");
  set_properties(client, name, R"({"timeout":1.50000001,"accum":86400.999})");
  expect_equal(properties_text(client, name), R"({"accum":86400.999,"retry":2,"timeout":1.5})");
}

CONTRACT("pack is another name for accum") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"pack":20})");
  expect_equal(properties_text(client, name), R"({"accum":20,"retry":2,"timeout":30})");
  expect_json(push(client, name, "x"), R"({"accum":"new"})");
}

CONTRACT("zero is a value: of accum, retry and timeout") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0,"retry":0,"timeout":0})");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":0,"timeout":0})");
}

CONTRACT("what is no JSON object is refused as bad_json") {
  auto client = http();
  auto name = fresh_name();
  for (auto* text : {"", "{", "{]", "retry=1", R"({"retry":1)", R"({'retry':1})", R"({"retry":1} x)", "[]",
                     "1", "null", "true", R"("retry")", R"([["retry",1]])"})
    expect_refused(patch(client, name, text), 400, "bad_json");
  expect(!queue_exists(client, name), "a refused PATCH created the queue");
}

CONTRACT("deeply nested JSON is refused, not a crash") {
  auto client = http();
  expect_status(patch(client, fresh_name(), std::string(200'000, '[')), 400);
  expect_status(patch(client, fresh_name(), R"({"hooks":)" + std::string(200'000, '[')), 400);
}

CONTRACT("a body that is no UTF-8 is refused") {
  auto client = http();
  expect_status(patch(client, fresh_name(), "{\"\xff\":1}"), 400);
}

CONTRACT("a number out of range is refused and changes nothing") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":3})");
  for (auto* text : {R"({"timeout":1e400})", R"({"timeout":1e300})", R"({"accum":1e300})",
                     R"({"retry":1e300})", R"({"retry":99999999999999999999})", R"({"timeout":-1e400})"})
    expect_status(patch(client, name, text), 400);
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":3,"timeout":30})");
}

CONTRACT("an unknown key is refused and changes nothing, also beside good keys") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":3})");
  for (auto* text : {R"({"retries":1})", R"({"retry":9,"color":"red"})", R"({"color":"red","retry":9})",
                     R"({"Retry":1})", R"({"":1})"})
    expect_refused(patch(client, name, text), 400, "unknown_property");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":3,"timeout":30})");
}

CONTRACT("a wrong type is refused and changes nothing, also beside good keys") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":3})");
  for (auto* begin : {R"({"retry":9,"accum":)", R"({"timeout":9,"retry":)", R"({"retry":9,"timeout":)"})
    for (auto* value : {R"("1")", "true", "null", "[]", "{}", "[1]", "-1", "-0.5"})
      expect_refused(patch(client, name, std::string(begin) + value + "}"), 400, "bad_property");
  expect_refused(patch(client, name, R"({"retry":1.5})"), 400, "bad_property");
  expect_refused(patch(client, name, R"({"pack":"10"})"), 400, "bad_property");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":3,"timeout":30})");
}

CONTRACT("the content-type of PATCH is not looked at") {
  auto client = http();
  auto name = fresh_name();
  for (auto* type : {"text/plain", "application/x-www-form-urlencoded", "nonsense"})
    expect_nothing(
      client.request("PATCH", "/properties/" + name, {{"content-type", type}}, R"({"retry":1})"));
}

CONTRACT("JSON may have blanks, escapes and any order") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(patch(client, name, " {\r\n\t\"ti\\u006deout\" : 5 ,\n \"accum\" : 1 } \n"));
  expect_equal(properties_text(client, name), R"({"accum":1,"retry":2,"timeout":5})");
}

CONTRACT("a deleted queue is 204 once, then 404 no_such_queue") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_nothing(client.request("DELETE", "/queues/" + name));
  expect(!queue_exists(client, name), "still there");
  expect_refused(client.request("DELETE", "/queues/" + name), 404, "no_such_queue");
  expect_nothing(pull(client, name));
}
