// Pull: what a delivery tells, which parameters it takes, what it creates.
#define CAF_SUITE pull

#include "tests/contract/requests.hpp"

#include <set>

using namespace lmq::contract;

namespace {

bool is_lease_id(std::string_view id) {
  constexpr std::string_view allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
  return !id.empty() && id.size() <= 70 && id.find_first_not_of(allowed) == std::string_view::npos;
}

} // namespace

EVERY_WIRE("a pull that may not wait finds nothing in an empty queue, at once") {
  auto client = wire.connect();
  stopwatch watch;
  expect(!client->pull(fresh_name()).has_value(), "a message out of nothing");
  expect_prompt(watch.elapsed());
}

EVERY_WIRE("a leased message is not delivered a second time") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  expect(client->pull(name).has_value(), "no message");
  expect(!client->pull(name).has_value(), "delivered twice");
}

EVERY_WIRE("a pull without a limit in time takes at once what is ready") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  client->begin_pull(name, std::nullopt);
  expect_equal(client->end_pull().value().content(), "x");
}

EVERY_WIRE("every delivery has a new lease id") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 9});
  client->push(name, "x");
  std::set<std::string> leases;
  for (int i = 0; i < 10; ++i) {
    auto message = client->pull(name).value();
    leases.insert(message.lease);
    client->nack(message);
  }
  expect_equal(leases.size(), 10u);
}

CONTRACT("a delivery names its queue, its lease, its type and its remaining retries in lower-case headers") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x", {{"content-type", "text/plain"}});
  auto answer = pull_ok(client, name);
  expect_equal(header_of(answer, "content-type"), "text/plain");
  expect_equal(header_of(answer, "x-lmq-queue-name"), name);
  expect_equal(header_of(answer, "x-lmq-message-type"), "normal");
  expect_equal(header_of(answer, "x-lmq-retry-remaining"), "2");
  expect_equal(header_of(answer, "content-length"), "1");
}

CONTRACT("a lease id is at most 70 letters, digits, dashes and underscores") {
  auto client = http();
  auto name = fresh_name();
  for (int i = 0; i < 20; ++i) {
    push_ok(client, name, "x");
    auto id = lease_of(pull_ok(client, name));
    expect(is_lease_id(id), "not a lease id: " + id);
  }
}

CONTRACT("a pull with t=0 on an empty queue is 204 at once") {
  auto client = http();
  stopwatch watch;
  expect_nothing(pull(client, fresh_name(), "t=0"));
  expect_prompt(watch.elapsed());
}

CONTRACT("t is a decimal number of seconds") {
  auto client = http();
  auto name = fresh_name();
  for (auto* zero : {"t=0", "t=0.0", "t=0.00"})
    expect_nothing(pull(client, name, zero));
  stopwatch watch;
  expect_nothing(pull(client, name, "t=0.15"));
  expect_took(watch.elapsed(), seconds{0.15});
}

CONTRACT("a pull creates its queue, also with t=0") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(pull(client, name));
  expect(queue_exists(client, name), "no queue");
}

CONTRACT("a pull of one of many, a settle and a look at properties create no queue") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(client.request("GET", "/messages?t=0&qre=^" + name + "$"));
  expect_status(settle(client, name, "some-lease", "ack"), 404);
  properties_text(client, name);
  expect(!queue_exists(client, name), "a queue was created");
}

CONTRACT("cf has no effect on a normal message") {
  auto client = http();
  auto name = fresh_name();
  for (auto* query : {"t=0&cf=multipart", "t=0&cf=msgpack", "cf=msgpack&t=0"}) {
    push_ok(client, name, "plain", {{"content-type", "text/x"}});
    auto answer = pull_ok(client, name, query);
    expect_equal(answer.body, "plain");
    expect_equal(header_of(answer, "content-type"), "text/x");
    expect_equal(header_of(answer, "x-lmq-message-type"), "normal");
  }
}

CONTRACT("a pull with an unknown cf is refused and leases nothing") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto* query : {"t=0&cf=xml", "t=0&cf=", "t=0&cf=Multipart"})
    expect_refused(pull(client, name, query), 400, "bad_parameter");
  expect_refused(client.request("GET", "/messages?qre=^" + name + "$&t=0&cf=xml"), 400, "bad_parameter");
  expect_equal(retry_remaining_of(pull_ok(client, name)), "2");
}

CONTRACT("a pull with a bad t is refused and leases nothing") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto* query :
       {"t=-1", "t=-0.5", "t=", "t", "t=abc", "t=1s", "t=0x1", "t=nan", "t=inf", "t=1,5", "t=%201"})
    expect_refused(pull(client, name, query), 400, "bad_parameter");
  expect_refused(client.request("GET", "/messages?qre=^" + name + "$&t=-1"), 400, "bad_parameter");
  expect_equal(retry_remaining_of(pull_ok(client, name)), "2");
}

CONTRACT("a delivery may come again with other bytes around it, but its body stays") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "same", {{"content-type", "a/b"}});
  for (int i = 0; i < 3; ++i) {
    auto answer = pull_ok(client, name);
    expect_equal(answer.body, "same");
    expect_equal(header_of(answer, "content-type"), "a/b");
    expect_nothing(settle(client, name, lease_of(answer), "nack"));
  }
}
