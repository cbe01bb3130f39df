// What the RPC methods about messages answer, result by result and error by error.
#define CAF_SUITE rpc_messages

#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

CONTRACT("push answers ok, and pull the message with its keys in their order") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("push", {name, "content"}));
  auto message = pull_ok(client, name);
  expect_equal(message.queue, name);
  expect_equal(message.type, "normal");
  expect_equal(message.retry, 2);
  expect_equal(message.content, packed{"content"});
}

CONTRACT("an id is at most 70 letters, digits, dashes and underscores, and new with every delivery") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, 1);
  auto first = pull_ok(client, name);
  expect(!first.id.empty() && first.id.size() <= 70, "an id of " + std::to_string(first.id.size()));
  expect(first.id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") ==
           std::string::npos,
         "the id " + first.id);
  expect_ok(client.call("release", {name, first.id}));
  expect(pull_ok(client, name).id != first.id, "a second delivery with the same id");
}

CONTRACT("retry counts the deliveries that may follow") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, 1);
  for (int left = 2; left >= 0; --left) {
    auto message = pull_ok(client, name);
    expect_equal(message.retry, left);
    expect_ok(client.call("release", {name, message.id}));
  }
  expect_empty(client.call("pull", {name, 0}));
}

CONTRACT("pull answers empty when its time is over, never before") {
  auto client = rpc();
  for (double wait : {0.0, 0.05, 0.3}) {
    stopwatch watch;
    expect_empty(client.call("pull", {fresh_name(), wait}));
    expect_took(watch.elapsed(), seconds{wait});
  }
}

CONTRACT("a timeout is an integer or a float of any width") {
  auto client = rpc();
  auto name = fresh_name();
  for (auto* zero : {"00", "cc 00", "cd 00 00", "ce 00 00 00 00", "cf 00 00 00 00 00 00 00 00", "d0 00",
                     "d3 00 00 00 00 00 00 00 00", "ca 00 00 00 00", "cb 00 00 00 00 00 00 00 00"})
    expect_empty(client.call("pull", {name, packed::of_bytes(from_hex(zero))}));
  stopwatch watch;
  expect_empty(client.call("pull", {name, packed::of_bytes(from_hex("ca 3e 80 00 00"))})); // 0.25
  expect_took(watch.elapsed(), seconds{0.25});
  watch = {};
  expect_empty(client.call("pull_any", {"^" + name + "$", 1}));
  expect_took(watch.elapsed(), seconds{1.0});
}

CONTRACT("without a timeout pull and pull_any wait for as long as it takes") {
  auto waiter = rpc();
  auto pusher = rpc();
  auto name = fresh_name();
  auto other = fresh_name();
  auto by_name = waiter.begin("pull", {name});
  auto by_pattern = waiter.begin("pull_any", {"^" + other + "$"});
  expect(!waiter.connection().readable_within(seconds{0.5}), "a wait ended by itself");
  push_ok(pusher, name, "a");
  push_ok(pusher, other, "b");
  expect_equal(message_in(waiter.await(by_name)).value().content, packed{"a"});
  auto message = message_in(waiter.await(by_pattern)).value();
  expect_equal(message.content, packed{"b"});
  expect_equal(message.queue, other);
}

CONTRACT("a huge timeout is a long wait, not an error") {
  auto pusher = rpc();
  for (auto& huge : {packed{1e300}, packed{UINT64_MAX}, packed{99'999'999'999}}) {
    auto waiter = rpc();
    auto name = fresh_name();
    auto call = waiter.begin("pull", {name, huge});
    expect(!waiter.connection().readable_within(seconds{0.1}), "no wait");
    push_ok(pusher, name, "x");
    expect(message_in(waiter.await(call)).has_value(), "no message");
  }
}

CONTRACT("push_all puts a copy into each queue that matches, and answers ok also if none does") {
  auto client = rpc();
  auto first = fresh_name();
  auto second = fresh_name();
  for (auto& name : {first, second})
    expect_empty(client.call("pull", {name, 0}));
  expect_ok(client.call("push_all", {"^(" + first + "|" + second + ")$", "copy"}));
  expect_ok(client.call("push_all", {"^no queue has this name$", "copy"}));
  for (auto& name : {first, second})
    expect_equal(pull_ok(client, name).content, packed{"copy"});
}

CONTRACT("pull_any takes from a queue that matches, or answers empty") {
  auto client = rpc();
  auto name = fresh_name();
  expect_empty(client.call("pull_any", {"^" + name + "$", 0}));
  push_ok(client, name, "x");
  auto message = message_in(client.call("pull_any", {"^" + name + "$", 0})).value();
  expect_equal(message.queue, name);
  expect_ok(client.call("done", {name, message.id}));
}

CONTRACT("a pattern that is none is invalid_regexp, also one that asks for backtracking") {
  auto client = rpc();
  for (auto* pattern : {"(", "a{2,1}", "(a)\\1", "(?=a)", "[z-a]"}) {
    expect_error(client.call("push_all", {pattern, "x"}), "invalid_regexp");
    expect_error(client.call("pull_any", {pattern, 0}), "invalid_regexp");
    expect_error(client.call("pull_any", {pattern}), "invalid_regexp");
  }
}

CONTRACT("done removes a message, and its id with it") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto message = pull_ok(client, name);
  expect_ok(client.call("done", {name, message.id}));
  for (auto* method : {"done", "retain", "release"})
    expect_error(client.call(method, {name, message.id}), "not_found");
  expect_empty(client.call("pull", {name, 0}));
}

CONTRACT("release gives a message back: it is ready, and its id is over") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto message = pull_ok(client, name);
  expect_ok(client.call("release", {name, message.id}));
  for (auto* method : {"done", "retain", "release"})
    expect_error(client.call(method, {name, message.id}), "not_found");
  expect_equal(pull_ok(client, name).retry, 1);
}

CONTRACT("retain restarts the clock of a lease") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"timeout", 0.6}})}));
  push_ok(client, name, "x");
  stopwatch watch;
  auto message = pull_ok(client, name);
  expect_empty(client.call("pull", {name, 0.3}));
  expect_ok(client.call("retain", {name, message.id}));
  auto again = message_in(client.call("pull", {name, 5})).value();
  expect_took(watch.elapsed(), seconds{0.9});
  expect_equal(again.retry, 1);
  expect_error(client.call("retain", {name, message.id}), "not_found");
}

CONTRACT("settling in a queue that is not there is queue_not_found, and creates none") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto message = pull_ok(client, name);
  auto absent = fresh_name();
  for (int round = 0; round < 2; ++round)
    for (auto* method : {"done", "retain", "release"})
      expect_error(client.call(method, {absent, message.id}), "queue_not_found");
}

CONTRACT("an id that is malformed, another queue's or none of anybody's is not_found") {
  auto client = rpc();
  auto name = fresh_name();
  auto other = fresh_name();
  push_ok(client, name, "x");
  push_ok(client, other, "x");
  auto message = pull_ok(client, name);
  auto unknown = message.id;
  unknown.back() = unknown.back() == '0' ? '1' : '0';
  for (auto* method : {"done", "retain", "release"}) {
    expect_error(client.call(method, {other, message.id}), "not_found");
    for (auto& id : {unknown, std::string{}, std::string{"no id"}, std::string(1000, 'x'), message.id + "0"})
      expect_error(client.call(method, {name, id}), "not_found");
  }
  expect_ok(client.call("done", {name, message.id}));
}

CONTRACT("delete answers ok, also if the queue is absent, and its messages are gone") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("delete", {name}));
  push_ok(client, name, "x");
  auto leased = pull_ok(client, name);
  push_ok(client, name, "y");
  expect_ok(client.call("delete", {name}));
  expect_error(client.call("done", {name, leased.id}), "queue_not_found");
  expect_empty(client.call("pull", {name, 0}));
  expect_ok(client.call("delete", {name}));
}
