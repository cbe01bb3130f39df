// Push to every queue that matches, pull from any one that matches.
#define CAF_SUITE many_queues

#include "tests/contract/requests.hpp"
#include "tests/support/percent.hpp"

#include <set>

using namespace lmq::contract;

namespace {

constexpr seconds long_wait{25.0};

http_response push_all(http_client& client, std::string_view pattern, std::string_view body = "x") {
  return client.request("POST", "/messages?qre=" + percent_encoded(pattern), {}, body);
}

http_response pull_any(http_client& client, std::string_view pattern, std::string_view query = "t=0") {
  return client.request("GET", "/messages?qre=" + percent_encoded(pattern) + "&" + std::string(query));
}

/// The pattern that only this name matches.
std::string only(const std::string& name) {
  return std::string("^").append(name).append("$");
}

/// Creates a queue without a message.
std::string empty_queue(http_client& client, const std::string& name) {
  expect_nothing(pull(client, name));
  return name;
}

} // namespace

EVERY_WIRE("a push to many puts a copy of its own into each queue that matches") {
  auto client = wire.connect();
  auto common = fresh_name();
  auto other = fresh_name();
  for (auto& name : {common + "a", common + "b", other})
    client->pull(name);
  client->push_all("^" + common, "x");
  auto a = client->pull(common + "a").value();
  client->ack(a);
  expect_equal(client->pull(common + "b").value().content(), "x");
  expect(!client->pull(other).has_value(), "a queue that does not match got a message");
}

EVERY_WIRE("a pull of any one takes from whichever queue has a message, each once") {
  auto client = wire.connect();
  auto common = fresh_name();
  std::multiset<std::string> found;
  for (auto* suffix : {"a", "b", "c"})
    client->push(common + suffix, suffix);
  for (int i = 0; i < 3; ++i) {
    auto message = client->pull_any("^" + common).value();
    expect_equal(message.queue, common + message.content());
    found.insert(message.content());
  }
  expect(found == std::multiset<std::string>{"a", "b", "c"}, "not each once");
  expect(!client->pull_any("^" + common).has_value(), "a fourth message");
}

EVERY_WIRE("a pull of any one takes one message and leaves the others untouched") {
  auto client = wire.connect();
  auto common = fresh_name();
  client->push(common + "a", "x");
  client->push(common + "b", "x");
  auto taken = client->pull_any("^" + common).value();
  auto other = common + (taken.queue == common + "a" ? "b" : "a");
  expect_equal(client->pull(other).value().retry_remaining, 2);
}

EVERY_WIRE("a delivery to a pull of any one settles under its queue's name") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  auto message = client->pull_any(name).value();
  expect(client->ack(message) == settle_result::done, "not acknowledged");
}

EVERY_WIRE("a waiting pull of any one gets what comes into a queue that matches") {
  auto waiter = wire.connect();
  auto client = wire.connect();
  auto name = fresh_name();
  client->pull(name);
  waiter->begin_pull_any(only(name), long_wait);
  let_it_arrive();
  client->push(fresh_name(), "not this");
  client->push(name, "this");
  expect_equal(waiter->end_pull().value().content(), "this");
}

EVERY_WIRE("a waiting pull of any one serves queues created later, too") {
  auto waiter = wire.connect();
  auto client = wire.connect();
  auto common = fresh_name();
  waiter->begin_pull_any("^" + common, long_wait);
  let_it_arrive();
  client->push(common + "later", "x");
  expect_equal(waiter->end_pull().value().queue, common + "later");
}

EVERY_WIRE("a pull of any one that waits in vain ends with nothing when its time is over") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->pull(name);
  for (auto& pattern : {only(name), only(fresh_name())}) {
    stopwatch watch;
    expect(!client->pull_any(pattern, seconds{0.2}).has_value(), "a message out of nothing");
    expect_took(watch.elapsed(), seconds{0.2});
  }
}

EVERY_WIRE("a pull of any one waits for what is given back and what runs out") {
  auto owner = wire.connect();
  auto waiter = wire.connect();
  auto name = fresh_name();
  owner->push(name, "x");
  auto message = owner->pull(name).value();
  waiter->begin_pull_any(name, long_wait);
  let_it_arrive();
  owner->set_properties(name, {.timeout = 0.2});
  owner->nack(message);
  expect_equal(waiter->end_pull().value().retry_remaining, 1);
  expect_equal(owner->pull_any(name, seconds{8.0}).value().retry_remaining, 0);
}

EVERY_WIRE("a client that goes away from a pull of any one costs no message and no retry") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->pull(name);
  for (int i = 0; i < 3; ++i) {
    auto gone = wire.connect();
    gone->begin_pull_any(name, std::nullopt);
    let_it_arrive();
    gone->vanish();
  }
  let_it_arrive();
  client->push(name, "x");
  expect_equal(client->pull(name, seconds{5.0}).value().retry_remaining, 2);
}

EVERY_WIRE("one message for several waiters is delivered to one of them") {
  auto any = wire.connect();
  auto named = wire.connect();
  auto client = wire.connect();
  auto name = fresh_name();
  any->begin_pull_any(name, seconds{0.5});
  named->begin_pull(name, seconds{0.5});
  let_it_arrive();
  client->push(name, "x");
  auto first = any->end_pull();
  auto second = named->end_pull();
  expect(first.has_value() != second.has_value(), "not delivered exactly once");
}

EVERY_WIRE("waiters by name and by pattern are served in one order, first come, first served") {
  auto client = wire.connect();
  auto name = fresh_name();
  std::vector<std::unique_ptr<broker_client>> waiters;
  for (int i = 0; i < 6; ++i) {
    waiters.push_back(wire.connect());
    if (i % 2 == 0)
      waiters.back()->begin_pull_any(only(name), long_wait);
    else
      waiters.back()->begin_pull(name, long_wait);
    let_it_arrive();
  }
  for (auto* content : {"a", "b", "c", "d", "e", "f"})
    client->push(name, content);
  std::string served;
  for (auto& waiter : waiters)
    served += waiter->end_pull().value().content();
  expect_equal(served, "abcdef");
}

CONTRACT("a push to many answers what it did for each queue, sorted by name") {
  auto client = http();
  auto common = fresh_name();
  empty_queue(client, common + "c");
  empty_queue(client, common + "a");
  set_properties(client, common + "b", R"({"accum":30})");
  expect_json(push_all(client, "^" + common), R"({")" + common + R"(a":{"accum":"no"},")" + common +
                                                R"(b":{"accum":"new"},")" + common + R"(c":{"accum":"no"}})");
  expect_json(push_all(client, "^" + common + "b"), R"({")" + common + R"(b":{"accum":"yes"}})");
}

CONTRACT("a push to many that matches none answers {} and creates none") {
  auto client = http();
  auto name = fresh_name();
  expect_json(push_all(client, only(name)), "{}");
  expect(!queue_exists(client, name), "a queue was created");
}

CONTRACT("a pull of any one that matches none answers 204 with t=0") {
  auto client = http();
  stopwatch watch;
  expect_nothing(pull_any(client, only(fresh_name())));
  expect_prompt(watch.elapsed());
}

CONTRACT("a queue deleted under a pull of any one ends it with 204, at the latest in its time") {
  auto waiter = http();
  auto client = http();
  auto name = fresh_name();
  empty_queue(client, name);
  waiter.send("GET", "/messages?t=1&qre=" + name);
  let_it_arrive();
  expect_nothing(client.request("DELETE", "/queues/" + name));
  expect_nothing(waiter.receive());
}

CONTRACT("a message in a queue that was deleted and made again reaches a pull of any one") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "old");
  expect_nothing(client.request("DELETE", "/queues/" + name));
  push_ok(client, name, "new");
  expect_equal(pull_any(client, name).body, "new");
  expect_nothing(pull_any(client, name));
}

CONTRACT("a pull of any one tells which queue the message is from, and takes cf") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.1})");
  push_ok(client, name, "x");
  auto answer = pull_any(client, name, "t=8&cf=msgpack");
  expect_status(answer, 200);
  expect_equal(header_of(answer, "x-lmq-queue-name"), name);
  expect_equal(header_of(answer, "x-lmq-message-type"), "compound");
  expect_equal(header_of(answer, "content-type"), "application/x-msgpack");
}
