// Settling: ack, nack, ext, and every lease that is none.
#define CAF_SUITE settle

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

EVERY_WIRE("an acknowledged message is gone, and its lease with it") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 0.5});
  client->push(name, "x");
  auto message = client->pull(name).value();
  expect(client->ack(message) == settle_result::done, "not acknowledged");
  expect(client->ack(message) == settle_result::no_such_lease, "acknowledged twice");
  expect(!client->pull(name, seconds{0.7}).has_value(), "came again");
}

EVERY_WIRE("a message given back is ready now, and its lease is over") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  auto first = client->pull(name).value();
  expect(client->nack(first) == settle_result::done, "not given back");
  for (auto how : {settlement::ack, settlement::nack, settlement::extend})
    expect(client->settle(name, first.lease, how) == settle_result::no_such_lease, "settled after nack");
  auto second = client->pull(name).value();
  expect_equal(second.content(), "x");
  expect(client->ack(first) == settle_result::no_such_lease, "an old lease settles the new delivery");
  expect(client->ack(second) == settle_result::done, "the new lease does not hold");
}

EVERY_WIRE("an extension restarts the lease's clock and spends no retry") {
  auto owner = wire.connect();
  auto other = wire.connect();
  auto name = fresh_name();
  owner->set_properties(name, {.timeout = 1.0});
  owner->push(name, "x");
  auto message = owner->pull(name).value();
  expect(!other->pull(name, seconds{0.6}).has_value(), "expired too early");
  stopwatch since_extension;
  expect(owner->extend(message) == settle_result::done, "not extended");
  auto again = other->pull(name, seconds{8.0});
  expect_took(since_extension.elapsed(), seconds{1.0});
  expect_equal(again.value().retry_remaining, 1);
}

EVERY_WIRE("an extended lease still acknowledges after its first time") {
  auto client = wire.connect();
  auto other = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 1.0});
  client->push(name, "x");
  auto message = client->pull(name).value();
  for (int i = 0; i < 2; ++i) {
    other->pull(fresh_name(), seconds{0.55});
    expect(client->extend(message) == settle_result::done, "not extended");
  }
  expect(client->ack(message) == settle_result::done, "not acknowledged");
}

EVERY_WIRE("an extension takes the timeout that holds now") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  auto message = client->pull(name).value();
  client->set_properties(name, {.timeout = 0.2});
  stopwatch watch;
  expect(client->extend(message) == settle_result::done, "not extended");
  expect(client->pull(name, seconds{8.0}).has_value(), "kept the old timeout");
  expect_took(watch.elapsed(), seconds{0.2});
}

EVERY_WIRE("a lease that ran out is unknown, even if nobody pulled again") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.timeout = 0.1});
  client->push(name, "x");
  auto message = client->pull(name).value();
  client->pull(fresh_name(), seconds{0.2});
  for (auto how : {settlement::ack, settlement::nack, settlement::extend})
    expect(client->settle(name, message.lease, how) == settle_result::no_such_lease,
           "settled after its time");
  expect_equal(client->pull(name, seconds{5.0}).value().retry_remaining, 1);
}

EVERY_WIRE("a lease of another queue is unknown") {
  auto client = wire.connect();
  auto name = fresh_name();
  auto other = fresh_name();
  client->push(name, "x");
  client->push(other, "y");
  auto message = client->pull(name).value();
  expect(client->settle(other, message.lease, settlement::ack) == settle_result::no_such_lease, "settled");
  expect(client->ack(message) == settle_result::done, "the attempt ended the lease");
}

EVERY_WIRE("a lease that never was is unknown") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  for (auto how : {settlement::ack, settlement::nack, settlement::extend})
    expect(client->settle(name, "2c46aa1a-3a8b-4a5e-9d5c-5e2f4a0c8b11", how) == settle_result::no_such_lease,
           "settled");
}

EVERY_WIRE("a deleted queue's leases are unknown, also to a new queue of that name") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "x");
  auto message = client->pull(name).value();
  client->delete_queue(name);
  client->push(name, "y");
  expect(client->ack(message) == settle_result::no_such_lease, "settled");
  expect_equal(client->pull(name).value().content(), "y");
}

CONTRACT("every settlement is 204 without a body") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto first = lease_of(pull_ok(client, name));
  expect_nothing(settle(client, name, first, "ext"));
  expect_nothing(settle(client, name, first, "nack"));
  expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "ack"));
}

CONTRACT("an unknown lease is 404 no_such_lease") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto* reply : {"ack", "nack", "ext"})
    expect_refused(settle(client, name, "no-lease", reply), 404, "no_such_lease");
}

CONTRACT("a malformed lease id is 404 like an unknown one") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto& id : {std::string("!"), std::string("%20"), std::string("a%2Fb"), std::string("%FF"),
                   std::string("..."), std::string(71, 'a'), std::string(2000, 'a')})
    expect_refused(settle(client, name, id, "ack"), 404, "no_such_lease");
}

CONTRACT("a settlement in a queue that is not there is 404 and creates none") {
  auto client = http();
  auto name = fresh_name();
  expect_status(settle(client, name, "no-lease", "ack"), 404);
  expect(!queue_exists(client, name), "a queue was created");
}

CONTRACT("a settlement with a missing or unknown reply is refused, and the lease holds") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  for (auto* reply : {"", "done", "Ack", "ack%20", "ack,nack"})
    expect_refused(settle(client, name, lease, reply), 400, "bad_parameter");
  expect_refused(client.request("POST", "/messages/" + name + "/" + lease), 400, "bad_parameter");
  expect_nothing(settle(client, name, lease, "ack"));
}

CONTRACT("reply is looked at before the lease") {
  auto client = http();
  expect_refused(settle(client, fresh_name(), "no-lease", "nonsense"), 400, "bad_parameter");
}

CONTRACT("a lease id belongs to its queue's name as it is spelled") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  std::string upper = name;
  upper[0] = 'Q';
  expect_status(settle(client, upper, lease, "ack"), 404);
  expect_nothing(settle(client, name, lease, "ack"));
}

CONTRACT("body, content-type and accept of a settlement are ignored") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  auto target = "/messages/" + name + "/" + lease + "?reply=ack";
  expect_nothing(client.request("POST", target,
                                {{"content-type", "application/x-nonsense"}, {"accept", "a/b"}}, "a body"));
}
