// Waiters: who is served, when a wait ends, what a wait costs.
#define CAF_SUITE waiting

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

// Longer than any case may take: a wait that ends earlier was ended by something else.
constexpr seconds long_wait{25.0};

} // namespace

EVERY_WIRE("a waiting pull gets the message that is pushed later") {
  auto name = fresh_name();
  auto waiter = wire.connect();
  auto pusher = wire.connect();
  stopwatch watch;
  waiter->begin_pull(name, long_wait);
  let_it_arrive();
  pusher->push(name, "late");
  expect_equal(waiter->end_pull().value().content(), "late");
  expect_prompt(watch.elapsed());
}

EVERY_WIRE("a waiting pull ends with nothing when its time is over, never before") {
  auto client = wire.connect();
  for (auto wait : {seconds{0.05}, seconds{0.2}}) {
    stopwatch watch;
    expect(!client->pull(fresh_name(), wait).has_value(), "a message out of nothing");
    expect_took(watch.elapsed(), wait);
  }
}

EVERY_WIRE("a wait that is over takes no later message") {
  auto client = wire.connect();
  auto name = fresh_name();
  expect(!client->pull(name, seconds{0.05}).has_value(), "a message out of nothing");
  client->push(name, "x");
  auto message = client->pull(name).value();
  expect_equal(message.retry_remaining, 2);
}

EVERY_WIRE("waiters are served first come, first served") {
  auto name = fresh_name();
  auto pusher = wire.connect();
  std::vector<std::unique_ptr<broker_client>> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.push_back(wire.connect());
    waiters.back()->begin_pull(name, long_wait);
    let_it_arrive();
  }
  for (auto* content : {"a", "b", "c", "d"})
    pusher->push(name, content);
  std::string served;
  for (auto& waiter : waiters)
    served += waiter->end_pull().value().content();
  expect_equal(served, "abcd");
}

EVERY_WIRE("one message ends one wait, the others go on") {
  auto name = fresh_name();
  auto first = wire.connect();
  auto second = wire.connect();
  auto pusher = wire.connect();
  first->begin_pull(name, long_wait);
  let_it_arrive();
  second->begin_pull(name, seconds{0.3});
  let_it_arrive();
  pusher->push(name, "x");
  expect(first->end_pull().has_value(), "the first got nothing");
  expect(!second->end_pull().has_value(), "the message was delivered twice");
}

EVERY_WIRE("a client that goes away while waiting costs no message and no retry") {
  auto name = fresh_name();
  auto pusher = wire.connect();
  for (int i = 0; i < 3; ++i) {
    auto gone = wire.connect();
    gone->begin_pull(name, std::nullopt);
    let_it_arrive();
    gone->vanish();
    let_it_arrive();
  }
  pusher->push(name, "x");
  auto message = pusher->pull(name, long_wait);
  require(message.has_value(), "the message went to a client that is gone");
  expect_equal(message->retry_remaining, 2);
}

EVERY_WIRE("a waiter behind one that went away is served in its place") {
  auto name = fresh_name();
  auto gone = wire.connect();
  auto waiter = wire.connect();
  auto pusher = wire.connect();
  gone->begin_pull(name, std::nullopt);
  let_it_arrive();
  waiter->begin_pull(name, long_wait);
  let_it_arrive();
  gone->vanish();
  let_it_arrive();
  pusher->push(name, "x");
  expect_equal(waiter->end_pull().value().retry_remaining, 2);
}

EVERY_WIRE("a waiter gets what another gives back") {
  auto name = fresh_name();
  auto owner = wire.connect();
  auto waiter = wire.connect();
  owner->push(name, "x");
  auto message = owner->pull(name).value();
  waiter->begin_pull(name, long_wait);
  let_it_arrive();
  owner->nack(message);
  expect_equal(waiter->end_pull().value().retry_remaining, 1);
}

EVERY_WIRE("a waiter gets a message at the moment its lease runs out") {
  auto name = fresh_name();
  auto owner = wire.connect();
  auto waiter = wire.connect();
  owner->set_properties(name, {.timeout = 0.3});
  owner->push(name, "x");
  stopwatch watch;
  owner->pull(name).value();
  auto message = waiter->pull(name, long_wait);
  expect_took(watch.elapsed(), seconds{0.3});
  expect_equal(message.value().retry_remaining, 1);
}

EVERY_WIRE("a queue deleted under its waiters answers them with nothing, at once") {
  auto name = fresh_name();
  auto first = wire.connect();
  auto second = wire.connect();
  auto deleter = wire.connect();
  first->begin_pull(name, long_wait);
  second->begin_pull(name, std::nullopt);
  let_it_arrive();
  stopwatch watch;
  deleter->delete_queue(name);
  expect(!first->end_pull().has_value(), "a message out of nothing");
  expect(!second->end_pull().has_value(), "a message out of nothing");
  expect_prompt(watch.elapsed());
}

CONTRACT("without t a pull waits for as long as it takes") {
  auto name = fresh_name();
  auto waiter = http();
  auto pusher = http();
  waiter.send("GET", "/messages/" + name);
  expect(!waiter.connection().readable_within(seconds{0.5}), "the wait ended by itself");
  push_ok(pusher, name, "x");
  expect_equal(waiter.receive().body, "x");
}

CONTRACT("a huge t is a long wait, not an error") {
  auto pusher = http();
  for (auto* huge : {"99999999999", "1000000000000000000000000", "18446744073709551616.5"}) {
    auto name = fresh_name();
    auto waiter = http();
    waiter.send("GET", "/messages/" + name + "?t=" + huge);
    expect(!waiter.connection().readable_within(seconds{0.1}), std::string("no wait with t=") + huge);
    push_ok(pusher, name, "x");
    expect_equal(waiter.receive().body, "x");
  }
}

CONTRACT("a waiter that closes in good order costs no message and no retry") {
  auto name = fresh_name();
  auto gone = http();
  auto client = http();
  gone.send("GET", "/messages/" + name);
  let_it_arrive();
  gone.connection().close();
  let_it_arrive();
  push_ok(client, name, "x");
  expect_equal(retry_remaining_of(pull_ok(client, name, "t=5")), "2");
}

CONTRACT("a waiter that only shut its sending side gets the message, or leaves it as it was") {
  auto name = fresh_name();
  auto waiter = http();
  auto client = http();
  waiter.send("GET", "/messages/" + name + "?t=1");
  let_it_arrive();
  waiter.connection().shut_sending();
  let_it_arrive();
  push_ok(client, name, "x");
  auto bytes = waiter.receive_all();
  auto delivered = take_response(bytes, {});
  if (delivered && delivered->status == 200)
    expect_nothing(settle(client, name, lease_of(*delivered), "ack"));
  else
    expect_equal(retry_remaining_of(pull_ok(client, name, "t=5")), "2");
}

CONTRACT("many waiters that went away leave nothing behind") {
  auto name = fresh_name();
  for (int i = 0; i < 50; ++i) {
    auto gone = http();
    gone.send("GET", "/messages/" + name);
    gone.connection().reset();
  }
  let_it_arrive();
  auto client = http();
  push_ok(client, name, "x");
  expect_equal(retry_remaining_of(pull_ok(client, name, "t=5")), "2");
}

CONTRACT("a wait on one queue does not hold up another connection") {
  auto waiter = http();
  waiter.send("GET", "/messages/" + fresh_name());
  let_it_arrive();
  auto client = http();
  auto name = fresh_name();
  stopwatch watch;
  push_ok(client, name, "x");
  pull_ok(client, name);
  expect_prompt(watch.elapsed());
}
