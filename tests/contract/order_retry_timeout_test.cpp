// In which order, how often and for how long: the life of messages in one queue.
#define CAF_SUITE order_retry_timeout

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

/// Pulls all that is ready; the contents, one after the other.
std::string drain(broker_client& client, std::string_view name) {
  std::string out;
  while (auto message = client.pull(name))
    out += message->content();
  return out;
}

void push_each(broker_client& client, std::string_view name, std::string_view contents) {
  for (auto content : contents)
    client.push(name, std::string(1, content));
}

} // namespace

EVERY_WIRE("messages come in the order in which they were pushed") {
  auto client = wire.connect();
  auto name = fresh_name();
  push_each(*client, name, "abcdefghij");
  expect_equal(drain(*client, name), "abcdefghij");
}

EVERY_WIRE("a message given back stands behind what is ready and ahead of later pushes") {
  auto client = wire.connect();
  auto name = fresh_name();
  push_each(*client, name, "abc");
  auto first = client->pull(name).value();
  client->nack(first);
  push_each(*client, name, "d");
  expect_equal(drain(*client, name), "bcad");
}

EVERY_WIRE("messages given back stand in the order in which they were given back") {
  auto client = wire.connect();
  auto name = fresh_name();
  push_each(*client, name, "abc");
  auto a = client->pull(name).value();
  auto b = client->pull(name).value();
  client->nack(b);
  client->nack(a);
  expect_equal(drain(*client, name), "cba");
}

EVERY_WIRE("a message whose lease ran out is ready since the moment of expiry") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 0.2});
  push_each(*client, name, "ab");
  client->pull(name).value();
  client->set_properties(name, {.timeout = 30});
  client->pull(fresh_name(), seconds{0.4});
  push_each(*client, name, "c");
  expect_equal(drain(*client, name), "bac");
}

EVERY_WIRE("leases run out in the order of their ends, not of their deliveries") {
  auto client = wire.connect();
  auto name = fresh_name();
  push_each(*client, name, "ab");
  client->set_properties(name, {.timeout = 1.0});
  client->pull(name).value();
  client->set_properties(name, {.timeout = 0.1});
  client->pull(name).value();
  client->set_properties(name, {.timeout = 30});
  expect_equal(client->pull(name, seconds{8.0}).value().content(), "b");
  expect_equal(client->pull(name, seconds{8.0}).value().content(), "a");
}

EVERY_WIRE("retry 2, the default, allows three deliveries that count 2, 1, 0") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  for (int remaining : {2, 1, 0}) {
    auto message = client->pull(name);
    require(message.has_value(), "no delivery");
    expect_equal(message->retry_remaining, remaining);
    expect(client->nack(*message) == settle_result::done, "not given back");
  }
  expect(!client->pull(name).has_value(), "a fourth delivery");
}

EVERY_WIRE("retry 0 allows one delivery") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 0});
  client->push(name, "x");
  auto message = client->pull(name).value();
  expect_equal(message.retry_remaining, 0);
  client->nack(message);
  expect(!client->pull(name).has_value(), "a second delivery");
}

EVERY_WIRE("expiry and nack both spend one retry") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 3, .timeout = 0.1});
  client->push(name, "x");
  expect_equal(client->pull(name).value().retry_remaining, 3);
  client->set_properties(name, {.timeout = 30});
  auto second = client->pull(name, seconds{5.0}).value();
  expect_equal(second.retry_remaining, 2);
  client->nack(second);
  client->set_properties(name, {.timeout = 0.1});
  expect_equal(client->pull(name).value().retry_remaining, 1);
  expect_equal(client->pull(name, seconds{5.0}).value().retry_remaining, 0);
  expect(!client->pull(name, seconds{0.3}).has_value(), "one delivery too many");
}

EVERY_WIRE("an expired last delivery is the end of the message") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.retry = 0, .timeout = 0.1});
  push_each(*client, name, "a");
  client->pull(name).value();
  expect(!client->pull(name, seconds{0.3}).has_value(), "came again");
  push_each(*client, name, "b");
  expect_equal(client->pull(name).value().content(), "b");
}

EVERY_WIRE("retry is the one that held when the message was pushed") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "before");
  client->set_properties(name, {.retry = 5});
  client->push(name, "after");
  expect_equal(client->pull(name).value().retry_remaining, 2);
  expect_equal(client->pull(name).value().retry_remaining, 5);
}

EVERY_WIRE("timeout is the one that holds when the message is pulled") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  client->set_properties(name, {.timeout = 0.2});
  stopwatch watch;
  client->pull(name).value();
  client->set_properties(name, {.timeout = 30});
  expect(client->pull(name, seconds{8.0}).has_value(), "the lease took the later timeout");
  expect_took(watch.elapsed(), seconds{0.2});
}

EVERY_WIRE("a changed rule does not touch stored messages") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  client->set_rules({{"^" + name + "$", {.retry = 7}}});
  client->push(name, "y");
  expect_equal(client->pull(name).value().retry_remaining, 2);
  expect_equal(client->pull(name).value().retry_remaining, 7);
  client->set_rules({});
}

EVERY_WIRE("timeout 0 delivers again at once, and its leases can't be settled") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 0});
  client->push(name, "x");
  for (int remaining : {2, 1, 0}) {
    auto message = client->pull(name);
    require(message.has_value(), "no delivery");
    expect_equal(message->retry_remaining, remaining);
    for (auto how : {settlement::ack, settlement::nack, settlement::extend})
      expect(client->settle(name, message->lease, how) == settle_result::no_such_lease, "settled");
  }
  expect(!client->pull(name).has_value(), "one delivery too many");
}

EVERY_WIRE("a message stays until it is settled, however long its queue is idle") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 0.1});
  client->push(name, "x");
  client->pull(fresh_name(), seconds{0.3});
  expect_equal(client->pull(name).value().retry_remaining, 2);
}

CONTRACT("a message out of retries no longer counts in the size of its queue") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":0})");
  push_ok(client, name, "x");
  expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "nack"));
  expect_nothing(pull(client, name));
  expect_equal(stats(client)["queues"][name]["size"].get<int>(), 0);
}

CONTRACT("a thousand messages keep their order") {
  auto client = http();
  auto name = fresh_name();
  std::string requests;
  for (int i = 0; i < 1000; ++i)
    requests += render_request("POST", "/messages/" + name, {}, std::to_string(i));
  client.send_raw(requests);
  for (int i = 0; i < 1000; ++i)
    expect_json(client.receive(), R"({"accum":"no"})");
  for (int i = 0; i < 1000; ++i)
    require(pull_ok(client, name).body == std::to_string(i), "out of order at " + std::to_string(i));
}
