// Names, and the targets they stand in.
#define CAF_SUITE names_and_targets

#include "tests/contract/requests.hpp"
#include "tests/support/percent.hpp"

using namespace lmq::contract;

namespace {

/// Pushes under one spelling and pulls under another.
void expect_same_queue(http_client& client, const std::string& one, const std::string& other,
                       here at = here::current()) {
  push_ok(client, one, "x", {}, at);
  pull_ok(client, other, "t=0", at);
}

void expect_other_queue(http_client& client, const std::string& one, const std::string& other,
                        here at = here::current()) {
  push_ok(client, one, "x", {}, at);
  expect_status(pull(client, other), 204, at);
}

} // namespace

CONTRACT("names are percent-decoded") {
  auto client = http();
  auto name = fresh_name();
  expect_same_queue(client, name + "ab", name + "%61%62");
  expect_same_queue(client, name + "%c3%bc", name + "%C3%BC");
}

CONTRACT("an encoded slash is part of the name") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name + "%2Fb", "x");
  auto answer = pull_ok(client, name + "%2fb");
  expect_equal(header_of(answer, "x-lmq-queue-name"), name + "/b");
  expect_nothing(settle(client, name + "%2Fb", lease_of(answer), "ack"));
  expect(queue_exists(client, name + "/b"), "not in the stats");
  expect_nothing(client.request("DELETE", "/queues/" + name + "%2Fb"));
}

CONTRACT("a plus in a name is a space, an encoded plus is a plus") {
  auto client = http();
  auto name = fresh_name();
  expect_same_queue(client, name + "+b", name + "%20b");
  expect_other_queue(client, name + "%2Bc", name + "%20c");
  expect(queue_exists(client, name + "+c"), "no plus");
}

CONTRACT("names are told apart by their case and every other byte") {
  auto client = http();
  auto name = fresh_name();
  expect_other_queue(client, name + "a", name + "A");
  expect_other_queue(client, name + "b", name + "b%20");
  expect_other_queue(client, name + "c.", name + "c");
}

CONTRACT("names may have any bytes but control characters") {
  auto client = http();
  for (int byte = 0x20; byte <= 0xFF; ++byte) {
    if (byte == 0x7F)
      continue;
    auto name = fresh_name() + static_cast<char>(byte);
    push_ok(client, percent_encoded(name), "x");
    pull_ok(client, percent_encoded(name));
  }
}

CONTRACT("names that differ are different strings in JSON") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name + "%FF", "x");
  push_ok(client, name + "%C3%BF", "x");
  auto by_bytes = "\"" + name +
                  "\xef\xbf\xbd"
                  "ff\"",
       by_text = "\"" + name + "\xc3\xbf\"";
  for (const auto& told :
       {client.request("GET", "/stats").body, client.request("GET", "/queues?qre=^" + name).body,
        client.request("POST", "/messages?qre=^" + name, {}, "x").body}) {
    expect(told.find(by_bytes) != std::string::npos, "not told by its bytes: " + told);
    expect(told.find(by_text) != std::string::npos, "not told as text: " + told);
  }
  // Expressions match bytes.
  expect_equal(client.request("POST", "/messages?qre=^" + name + ".$", {}, "x").body,
               "{" + by_bytes + ":{\"accum\":\"no\"}}");
}

CONTRACT("a name of one byte is one") {
  auto client = http();
  expect_same_queue(client, "q", "q");
}

CONTRACT("a control character in a name is refused") {
  auto client = http();
  for (int byte = 0; byte <= 0x7F; ++byte) {
    if (byte >= 0x20 && byte != 0x7F)
      continue;
    auto name = percent_encoded(std::string("a") + static_cast<char>(byte) + "b");
    expect_refused(push(client, name, "x"), 400, "bad_name");
    expect_refused(pull(client, name), 400, "bad_name");
  }
  expect_refused(client.request("GET", "/properties/a%0Ab"), 400, "bad_name");
  expect_refused(client.request("DELETE", "/queues/a%0Ab"), 400, "bad_name");
  expect_refused(settle(client, "a%0Ab", "lease", "ack"), 400, "bad_name");
}

CONTRACT("a name injects no header") {
  auto client = http();
  auto answer = push(client, "a%0D%0Ax-injected:%201", "x");
  expect_status(answer, 400);
  expect(!answer.has_header("x-injected"), "injected");
}

CONTRACT("a name has 255 bytes at most, counted after decoding") {
  auto client = http();
  expect_same_queue(client, std::string(255, 'n'), std::string(255, 'n'));
  std::string encoded;
  for (int i = 0; i < 255; ++i)
    encoded += "%FE";
  expect_same_queue(client, encoded, encoded);
  for (auto& name : {std::string(256, 'n'), encoded + "%FE", std::string(3000, 'n')}) {
    expect_refused(push(client, name, "x"), 400, "bad_name");
    expect_refused(client.request("PATCH", "/properties/" + name, {}, "{}"), 400, "bad_name");
  }
}

CONTRACT("a broken percent-encoding is refused, in a name and in a parameter") {
  auto client = http();
  for (auto* name : {"a%zz", "a%", "a%4", "%%", "a%-1", "%2"})
    expect_refused(push(client, name, "x"), 400, "bad_target");
  expect_refused(client.request("GET", "/messages?t=0&qre=%zz"), 400, "bad_target");
  expect_refused(client.request("GET", "/messages/a?t=%"), 400, "bad_target");
}

CONTRACT("schema and __lmq_info__ are names like others") {
  auto client = http();
  for (auto* name :
       {"schema", "__lmq_info__", "messages", "properties", "stats", "..", "%2E%2E", ".", "null"}) {
    expect_same_queue(client, name, name);
    expect_nothing(client.request("DELETE", std::string("/queues/") + name));
  }
}

CONTRACT("a trailing slash is accepted on every route") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name + "/", "x");
  auto lease = lease_of(pull_ok(client, name + "/"));
  expect_nothing(client.request("POST", "/messages/" + name + "/" + lease + "/?reply=ack"));
  expect_json(client.request("POST", "/messages/?qre=^none$", {}, "x"), "{}");
  expect_nothing(client.request("GET", "/messages/?t=0&qre=^none$"));
  expect_nothing(client.request("PATCH", "/properties/" + name + "/", {}, R"({"retry":1})"));
  expect_status(client.request("GET", "/properties/" + name + "/"), 200);
  expect_status(client.request("GET", "/properties/"), 200);
  expect_status(client.request("GET", "/stats/"), 200);
  expect_nothing(client.request("DELETE", "/queues/" + name + "/"));
  expect(!queue_exists(client, name + "/"), "the slash became part of the name");
}

CONTRACT("targets in absolute form are accepted") {
  auto client = http();
  auto name = fresh_name();
  expect_json(client.request("POST", "http://example.org/messages/" + name, {}, "x"), R"({"accum":"no"})");
  expect_status(client.request("GET", "http://127.0.0.1:9980/messages/" + name + "?t=0"), 200);
  expect_status(client.request("GET", "HTTP://localhost/stats"), 200);
}

CONTRACT("bytes that a URI must encode may stand raw") {
  auto client = http();
  auto name = fresh_name();
  for (std::string raw : {"^", "|", "{", "}", "[", "]", "\\", "\"", "\xC3\xBC", "\xFF"})
    expect_same_queue(client, name + raw, name + percent_encoded(raw));
}

CONTRACT("parameters are percent-decoded, names and values") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name, "%74=%30"));
  expect_nothing(client.request("POST", "/messages/" + name + "/" + lease + "?%72eply=%61ck"));
}

CONTRACT("the first of doubled parameters counts") {
  auto client = http();
  auto name = fresh_name();
  stopwatch watch;
  expect_nothing(pull(client, name, "t=0&t=9"));
  expect_prompt(watch.elapsed());
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  expect_nothing(settle(client, name, lease, "nack&reply=ack"));
  expect_equal(retry_remaining_of(pull_ok(client, name)), "1");
}

CONTRACT("unknown parameters are ignored") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name + "?x=1&y", "x");
  pull_ok(client, name, "x=1&t=0&&=&y");
}

CONTRACT("an unknown route is 404 no_such_route and the connection stays") {
  auto client = http();
  for (auto* target : {"/", "/nothing", "/message/a", "/messages/a/b/c", "/queues//", "/queues/a/b",
                       "/stats/a", "/properties/a/b", "/Messages/a"})
    expect_refused(client.request("GET", target), 404, "no_such_route");
  expect_status(client.request("GET", "/stats"), 200);
}
