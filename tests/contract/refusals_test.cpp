// Where the server answers other than LMQ 0.7 did, on purpose: a case for each row of that table. What the
// rows have in detail is held by the suites of their subjects.
#define CAF_SUITE refusals

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

struct refusal {
  const char* method;
  const char* target;
  const char* body;
  int status;
  const char* reason;
};

constexpr refusal refusals[] = {
  {"PATCH", "/properties/refused", "{", 400, "bad_json"},
  {"PATCH", "/properties/refused", "[]", 400, "bad_json"},
  {"PATCH", "/properties/refused", R"({"retry":-1})", 400, "bad_property"},
  {"PATCH", "/properties/refused", R"({"accum":-1})", 400, "bad_property"},
  {"PATCH", "/properties/refused", R"({"timeout":-1})", 400, "bad_property"},
  {"PATCH", "/properties/refused", R"({"colour":1})", 400, "unknown_property"},
  {"PATCH", "/properties/refused", R"({"hooks":{"pre_http_push":[["nothing",[]]]}})", 400, "unknown_hook"},
  {"PUT", "/properties", "{", 400, "bad_json"},
  {"PUT", "/properties", R"([["(",{}]])", 400, "bad_pattern"},
  {"GET", "/messages?qre=(&t=0", "", 400, "bad_pattern"},
  {"POST", "/messages?qre=(", "", 400, "bad_pattern"},
  {"GET", "/messages?t=0", "", 400, "bad_parameter"},
  {"GET", "/messages/refused?t=-1", "", 400, "bad_parameter"},
  {"GET", "/messages/refused?t=", "", 400, "bad_parameter"},
  {"GET", "/messages/refused?t=x", "", 400, "bad_parameter"},
  {"GET", "/messages/refused?t=0&cf=x", "", 400, "bad_parameter"},
  {"POST", "/messages/refused/lease?reply=x", "", 400, "bad_parameter"},
  {"POST", "/messages/a%0Ab", "x", 400, "bad_name"},
  {"POST", "/messages/a%zz", "x", 400, "bad_target"},
  {"DELETE", "/queues/refused", "", 404, "no_such_queue"},
  {"GET", "/nothing", "", 404, "no_such_route"},
  {"PUT", "/messages/refused", "x", 405, "method_not_allowed"},
  {"DELETE", "/stats", "", 405, "method_not_allowed"},
  {"GET", "/cluster", "", 409, "no_cluster"},
  {"POST", "/cluster/join", "{", 400, "bad_json"},
  {"POST", "/cluster/join", R"({"address":"here"})", 400, "bad_parameter"},
  {"POST", "/cluster/join", R"({"address":"127.0.0.1:1"})", 409, "no_cluster"},
  {"POST", "/cluster/leave", "", 409, "no_cluster"},
  {"DELETE", "/cluster/members/a", "", 409, "no_cluster"},
  {"POST", "/backup", "{", 400, "bad_json"},
  {"POST", "/backup", R"({"directory":"here"})", 400, "bad_parameter"},
  {"GET", "/backup", "", 405, "method_not_allowed"},
};

} // namespace

CONTRACT("every refused request is answered with its reason as JSON, and the connection stays") {
  auto client = http();
  for (auto& wrong : refusals) {
    auto answer = client.request(wrong.method, wrong.target, {}, wrong.body);
    expect_refused(answer, wrong.status, wrong.reason);
    expect(answer.header("connection") != "close",
           std::string("closes after ") + wrong.method + " " + wrong.target);
  }
  expect_status(client.request("GET", "/stats"), 200);
}

CONTRACT("a refused request does nothing") {
  auto client = http();
  for (auto& wrong : refusals)
    client.request(wrong.method, wrong.target, {}, wrong.body);
  expect_json(client.request("GET", "/properties"), "[]");
  expect(!queue_exists(client, "refused"), "a queue was created");
}

CONTRACT("a refused rule list leaves waiters and everything else as they are") {
  auto name = fresh_name();
  auto waiter = http();
  auto client = http();
  waiter.send("GET", "/messages/" + name + "?t=20");
  let_it_arrive();
  expect_refused(client.request("PUT", "/properties", {}, R"([["*",{"retry":1}]])"), 400, "bad_pattern");
  expect_json(client.request("GET", "/properties"), "[]");
  push_ok(client, name, "x");
  expect_equal(waiter.receive().body, "x");
}

CONTRACT("PATCH {} changes nothing") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":8})");
  set_properties(client, name, "{}");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":8,"timeout":30})");
}

CONTRACT("a delete under a waiter is told to the waiter at once") {
  auto name = fresh_name();
  auto waiter = http();
  auto client = http();
  waiter.send("GET", "/messages/" + name);
  let_it_arrive();
  stopwatch watch;
  expect_nothing(client.request("DELETE", "/queues/" + name));
  expect_nothing(waiter.receive());
  expect_prompt(watch.elapsed());
}

CONTRACT("accept and if-none-match are ignored on every route") {
  auto client = http();
  auto name = fresh_name();
  http_headers odd{{"accept", "image/png;q=0.1"},
                   {"if-none-match", "*"},
                   {"accept-charset", "none"},
                   {"if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"},
                   {"accept-encoding", "identity;q=0"}};
  expect_json(client.request("POST", "/messages/" + name, odd, "x"), R"({"accum":"no"})");
  auto answer = client.request("GET", "/messages/" + name + "?t=0", odd);
  expect_status(answer, 200);
  expect_nothing(client.request("POST", "/messages/" + name + "/" + lease_of(answer) + "?reply=ack", odd));
  expect_nothing(client.request("PATCH", "/properties/" + name, odd, R"({"retry":1})"));
  expect_status(client.request("GET", "/properties/" + name, odd), 200);
  expect_nothing(client.request("DELETE", "/properties/" + name, odd));
  expect_nothing(client.request("PUT", "/properties", odd, "[]"));
  expect_status(client.request("GET", "/properties", odd), 200);
  expect_nothing(client.request("DELETE", "/properties", odd));
  expect_status(client.request("GET", "/stats", odd), 200);
  expect_nothing(client.request("DELETE", "/queues/" + name, odd));
}

CONTRACT("a settlement with any content-type is done, and done once") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  auto target = "/messages/" + name + "/" + lease + "?reply=ack";
  expect_nothing(client.request("POST", target, {{"content-type", "image/png"}}));
  expect_refused(client.request("POST", target, {{"content-type", "image/png"}}), 404, "no_such_lease");
}

CONTRACT("a malformed lease id is unknown, not an error of the server") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_refused(settle(client, name, "!!", "ack"), 404, "no_such_lease");
}

CONTRACT("a message of a refused settlement keeps its lease") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  expect_refused(settle(client, name, lease, "x"), 400, "bad_parameter");
  expect_nothing(pull(client, name));
  expect_nothing(settle(client, name, lease, "ack"));
}
