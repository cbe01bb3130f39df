// What a queue may hold: max_messages and max_bytes, on every wire.
#define CAF_SUITE queue_limits

#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;

namespace {

void expect_full(const http_response& answer, std::string_view queue, std::string_view limit,
                 here at = here::current()) {
  expect_refused(answer, 429, "queue_full", at);
  expect_equal(answer.header("retry-after").value_or("none"), "1", at);
  for (auto word : {queue, limit, std::string_view{"push again"}})
    expect(answer.body.find(word) != std::string::npos, std::string{word} + " is not named: " + answer.body,
           at);
}

} // namespace

CONTRACT("a push beyond max_messages is 429 with retry-after, and is never delivered") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"max_messages":2})");
  push_ok(client, name, "a");
  push_ok(client, name, "b");
  expect_full(push(client, name, "refused"), name, "max_messages is 2");
  auto a = pull_ok(client, name);
  expect_full(push(client, name, "refused"), name, "max_messages is 2"); // a leased message counts
  expect_status(settle(client, name, lease_of(a), "ack"), 204);
  push_ok(client, name, "c");
  expect_equal(pull_ok(client, name).body, "b");
  expect_equal(pull_ok(client, name).body, "c");
  expect_nothing(pull(client, name));
  auto told = stats(client)["queues"][name];
  expect_equal(told["stats"]["push"]["count"].dump(), "3");
}

CONTRACT("a push beyond max_bytes is 429, and one that never fits says so") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"max_bytes":25000})");
  push_ok(client, name, std::string(10'000, 'x'));
  push_ok(client, name, std::string(10'000, 'x'));
  expect_full(push(client, name, std::string(10'000, 'x')), name, "max_bytes is 25000");
  push_ok(client, name, "small");
  auto never = push(client, name, std::string(25'000, 'x'));
  expect_refused(never, 429, "queue_full");
  expect(never.body.find("push a smaller one") != std::string::npos, "it does not say so: " + never.body);
  expect_status(settle(client, name, lease_of(pull_ok(client, name)), "ack"), 204);
  push_ok(client, name, std::string(10'000, 'x'));
}

CONTRACT("a window counts as one message, and a push that joins it as none") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"max_messages":1,"accum":0.3})");
  for (int i = 0; i < 5; ++i)
    push_ok(client, name, "part");
  auto got = pull_ok(client, name, "t=10");
  expect_full(push(client, name, "would open another"), name, "max_messages is 1");
  expect_status(settle(client, name, lease_of(got), "ack"), 204);
  push_ok(client, name, "opens another");
}

CONTRACT("what a queue may hold is printed where it is set, comes by rules too, and 0 is no limit") {
  server_process server;
  http_client client{server.http_port()};
  set_properties(client, "q", R"({"max_messages":5})");
  expect_equal(properties_text(client, "q"), R"({"accum":0,"max_messages":5,"retry":2,"timeout":30})");
  set_properties(client, "q", R"({"max_bytes":7000000})");
  expect_equal(properties_text(client, "q"),
               R"({"accum":0,"max_bytes":7000000,"max_messages":5,"retry":2,"timeout":30})");
  expect_equal(properties_text(client, "other"), R"({"accum":0,"retry":2,"timeout":30})");
  expect_status(client.request("DELETE", "/properties/q"), 204);
  expect_equal(properties_text(client, "q"), R"({"accum":0,"retry":2,"timeout":30})");
  auto rules = R"([["^few",{"max_bytes":100000,"max_messages":1}]])";
  expect_status(client.request("PUT", "/properties", {}, rules), 204);
  expect_json(client.request("GET", "/properties"), rules);
  push_ok(client, "few.a", "x");
  expect_full(push(client, "few.a", "x"), "few.a", "max_messages is 1");
  set_properties(client, "few.a", R"({"max_messages":0})");
  push_ok(client, "few.a", "x");
  expect(server.stop() == 0, "did not end well");
}

CONTRACT("a limit that is no whole number is refused and changes nothing") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"max_messages":3})");
  for (auto* key : {"max_messages", "max_bytes"})
    for (auto* value : {"-1", "1.5", R"("3")", "null", "true", "[]", "1000000000000001", "1e30"})
      expect_refused(client.request("PATCH", "/properties/" + name, {},
                                    R"({"retry":9,")" + std::string{key} + "\":" + value + "}"),
                     400, "bad_property");
  expect_equal(properties_text(client, name), R"({"accum":0,"max_messages":3,"retry":2,"timeout":30})");
}

CONTRACT("what is given back or runs out stays in a full queue, and comes again") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"max_messages":1,"timeout":0.2})");
  push_ok(client, name, "x");
  expect_status(settle(client, name, lease_of(pull_ok(client, name)), "nack"), 204);
  expect_full(push(client, name, "y"), name, "max_messages is 1");
  pull_ok(client, name);
  auto again = pull_ok(client, name, "t=10"); // its lease ran out
  expect_equal(again.body, "x");
  expect_equal(retry_remaining_of(again), "0");
}

CONTRACT("a push to many leaves out the queues that are full, and is 429 if all are") {
  auto client = http();
  auto common = fresh_name();
  set_properties(client, common + "a", R"({"max_messages":1})");
  set_properties(client, common + "b", "{}");
  auto push_all = [&] { return client.request("POST", "/messages?qre=%5E" + common, {}, "x"); };
  auto both = "{\"" + common + "a\":{\"accum\":\"no\"},\"" + common + "b\":{\"accum\":\"no\"}}";
  expect_json(push_all(), both);
  expect_json(push_all(), "{\"" + common + "b\":{\"accum\":\"no\"}}");
  set_properties(client, common + "b", R"({"max_messages":1})");
  expect_refused(push_all(), 429, "queue_full");
}

CONTRACT("over RPC a push beyond a limit is queue_full, and limits are properties like others") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"max_messages", 1}, {"max_bytes", 100'000}})}));
  push_ok(client, name, "x");
  expect_error(client.call("push", {name, "x"}), "queue_full");
  expect_error(client.call("push_all", {"^" + name + "$", "x"}), "queue_full");
  expect_error(client.call("update_props", {name, map({{"max_messages", -1}})}), "invalid");
  auto over_http = http();
  expect_equal(properties_text(over_http, name),
               R"({"accum":0,"max_bytes":100000,"max_messages":1,"retry":2,"timeout":30})");
  expect_equal(pull_ok(client, name).content, packed{"x"});
}

CONTRACT(
  "limits and all that was taken in survive a restart, also beyond the limit, and a full queue stays so") {
  lmq::testing::temporary_folder folder;
  auto options = [&] {
    return server_options{.arguments = {"--memory-limit", "1MiB"}, .data_dir = folder.path("data")};
  };
  {
    server_process server{options()};
    http_client client{server.http_port()};
    for (int i = 0; i < 30; ++i)
      push_ok(client, "q", std::to_string(i) + std::string(100'000, 'x')); // most bodies are on the disk only
    set_properties(client, "q", R"({"max_bytes":2000000})");
    server.kill();
  }
  server_process server{options()};
  http_client client{server.http_port()};
  for (int i = 0; i < 30; ++i) {
    if (i < 10)
      expect_full(push(client, "q", "y"), "q", "max_bytes is 2000000");
    auto got = pull_ok(client, "q");
    expect(got.body == std::to_string(i) + std::string(100'000, 'x'),
           "another message than " + std::to_string(i));
    expect_status(settle(client, "q", lease_of(got), "ack"), 204);
  }
  push_ok(client, "q", "y");
}
