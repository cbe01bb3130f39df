// The patterns that stand for queue names in `qre`: how they are sent, what they match, which are refused.
#define CAF_SUITE patterns

#include "tests/contract/requests.hpp"
#include "tests/support/percent.hpp"

using namespace lmq::contract;

namespace {

http_response push_all(http_client& client, std::string_view pattern, std::string_view body = "x") {
  return client.request("POST", "/messages?qre=" + percent_encoded(pattern), {}, body);
}

/// Creates a queue without a message.
std::string empty_queue(http_client& client, const std::string& name) {
  expect_nothing(pull(client, name));
  return name;
}

} // namespace

EVERY_WIRE("a pattern is searched for anywhere in the name") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push("before" + name + "behind", "x");
  expect(client->pull_any(name).has_value(), "anchored");
}

CONTRACT("an empty qre matches all queues") {
  auto client = http();
  auto first = empty_queue(client, fresh_name());
  auto second = empty_queue(client, fresh_name());
  auto answer = parse_json(push_all(client, "").body);
  expect(answer.contains(first) && answer.contains(second), "not all queues");
  for (auto& [name, accum] : answer.items())
    expect_status(client.request("DELETE", "/queues/" + percent_encoded(name)), 204);
}

CONTRACT("a bad pattern is refused, in push and in pull") {
  auto client = http();
  for (auto* bad : {"(", "[", "*", "a**", "(a)\\1", "a(?=b)"}) {
    expect_refused(push_all(client, bad), 400, "bad_pattern");
    expect_refused(client.request("GET", "/messages?t=0&qre=" + percent_encoded(bad)), 400, "bad_pattern");
  }
}

CONTRACT("without qre there is no push and no pull to many") {
  auto client = http();
  for (auto* target : {"/messages", "/messages?t=0", "/messages/"}) {
    expect_refused(client.request("GET", target), 400, "bad_parameter");
    expect_refused(client.request("POST", target, {}, "x"), 400, "bad_parameter");
  }
}

CONTRACT("a plus in qre is a space unless it is percent-encoded") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name + "%20aa", "x");
  expect_nothing(client.request("GET", "/messages?t=0&qre=^" + name + "%20a+$"));
  expect_status(client.request("GET", "/messages?t=0&qre=^" + name + "+a%2B$"), 200);
}

CONTRACT("what patterns are made of may stand raw in a target") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_status(client.request("GET", "/messages?t=0&qre=^(" + name + R"(|[a]{3}|\d"\\)$)"), 200);
}

CONTRACT("patterns and names are bytes, not characters") {
  auto client = http();
  auto name = fresh_name() + "\xC3\xBC";
  push_ok(client, percent_encoded(name), "x");
  expect_status(client.request("GET", "/messages?t=0&qre=^" + percent_encoded(name) + "$"), 200);
}

CONTRACT("a pattern that would take for ever elsewhere takes no time") {
  auto client = http();
  empty_queue(client, std::string(200, 'a') + "!");
  stopwatch watch;
  expect_json(push_all(client, "^(a+)+$"), "{}");
  expect_prompt(watch.elapsed());
}
