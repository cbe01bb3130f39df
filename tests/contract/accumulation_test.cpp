// Accumulation: a window, what joins it, and the one message it becomes.
#define CAF_SUITE accumulation

#include "tests/contract/compound.hpp"
#include "tests/contract/requests.hpp"

using namespace lmq::contract;

namespace {

constexpr seconds long_wait{8.0};

compound_part octets(const std::string& body) {
  return {{{"content-type", "application/octet-stream"}}, body};
}

} // namespace

EVERY_WIRE("pushes within a window become one compound, in their order, at its end") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.accum = 0.5});
  stopwatch watch;
  expect(client->push(name, "a") == push_result::window_opened, "the first opens no window");
  expect(client->push(name, "b") == push_result::window_joined, "the second does not join");
  expect(client->push(name, "c") == push_result::window_joined, "the third does not join");
  expect(!client->pull(name).has_value(), "delivered before the window's end");
  auto message = client->pull(name, long_wait).value();
  expect_took(watch.elapsed(), seconds{0.5});
  expect(message.kind == message_kind::compound, "not a compound");
  expect(message.contents == std::vector<std::string>{"a", "b", "c"}, "other contents");
  expect(!client->pull(name).has_value(), "more than one message");
}

EVERY_WIRE("a window with one message is a compound of one") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.accum = 0.1});
  client->push(name, "only");
  auto message = client->pull(name, long_wait).value();
  expect(message.kind == message_kind::compound, "not a compound");
  expect(message.contents == std::vector<std::string>{"only"}, "other contents");
}

EVERY_WIRE("after a window's end the next push opens another") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.accum = 0.1});
  for (auto* content : {"first", "second"}) {
    expect(client->push(name, content) == push_result::window_opened, "no new window");
    auto message = client->pull(name, long_wait).value();
    expect(message.contents == std::vector<std::string>{content}, "other contents");
  }
}

EVERY_WIRE("a compound retries and settles as one message") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.accum = 0.2, .retry = 1});
  client->push(name, "a");
  client->push(name, "b");
  auto first = client->pull(name, long_wait).value();
  expect_equal(first.retry_remaining, 1);
  expect(client->nack(first) == settle_result::done, "not given back");
  auto second = client->pull(name).value();
  expect_equal(second.retry_remaining, 0);
  expect(second.contents == std::vector<std::string>{"a", "b"}, "other contents the second time");
  expect(client->ack(second) == settle_result::done, "not acknowledged");
  expect(!client->pull(name).has_value(), "came again");
}

EVERY_WIRE("a window is as long as accum was when it was opened") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->set_properties(name, {.accum = 0.3});
  stopwatch watch;
  client->push(name, "a");
  client->set_properties(name, {.accum = 60});
  expect(client->pull(name, long_wait).has_value(), "the window took the later length");
  expect_took(watch.elapsed(), seconds{0.3});
}

EVERY_WIRE("a waiter gets the compound at the window's end") {
  auto waiter = wire.connect();
  auto pusher = wire.connect();
  auto name = fresh_name();
  pusher->set_properties(name, {.accum = 0.2});
  waiter->begin_pull(name, long_wait);
  let_it_arrive();
  pusher->push(name, "x");
  expect(waiter->end_pull().value().kind == message_kind::compound, "not a compound");
}

EVERY_WIRE("a compound stands in the order of its window's end") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "a");
  client->set_properties(name, {.accum = 0.2});
  client->push(name, "b");
  client->reset_properties(name);
  client->pull(fresh_name(), seconds{0.5});
  expect(client->push(name, "c") == push_result::stored, "not a normal message");
  for (auto* content : {"a", "b", "c"})
    expect_equal(client->pull(name).value().content(), content);
}

CONTRACT("the first push of a window answers new, those that join it yes") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":30})");
  expect_json(push(client, name, "a"), R"({"accum":"new"})");
  expect_json(push(client, name, "b"), R"({"accum":"yes"})");
  expect_json(push(client, name, "c"), R"({"accum":"yes"})");
}

CONTRACT("a compound is multipart by default, byte for byte, with its lease as boundary") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.3})");
  push_ok(client, name, "plain text", {{"content-type", "text/plain; charset=utf-8"}});
  push_ok(client, name, "");
  push_ok(client, name, std::string("\r\n--x--\r\n\0\xff", 11));
  auto answer = pull_ok(client, name, "t=8");
  auto lease = lease_of(answer);
  expect_equal(header_of(answer, "content-type"), "multipart/mixed; boundary=" + lease);
  expect_equal(header_of(answer, "x-lmq-message-type"), "compound");
  expect_equal(header_of(answer, "x-lmq-queue-name"), name);
  auto wanted = "\r\n--" + lease + "\r\ncontent-type: text/plain; charset=utf-8\r\n" +
                "content-transfer-encoding: binary\r\n\r\nplain text\r\n--" + lease +
                "\r\ncontent-type: application/octet-stream\r\ncontent-transfer-encoding: binary\r\n\r\n" +
                "\r\n--" + lease +
                "\r\ncontent-type: application/octet-stream\r\ncontent-transfer-encoding: binary\r\n\r\n" +
                std::string("\r\n--x--\r\n\0\xff", 11) + "\r\n--" + lease + "--\r\n";
  expect_equal(answer.body, wanted);
}

CONTRACT("cf=multipart is the default's name") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.1})");
  push_ok(client, name, "x");
  auto answer = pull_ok(client, name, "t=8&cf=multipart");
  expect_equal(answer.body, multipart_text(lease_of(answer), {octets("x")}));
}

CONTRACT("cf=msgpack is an array of header map and body, of str and bin") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.3})");
  push_ok(client, name, "plain text", {{"content-type", "text/plain"}});
  push_ok(client, name, "");
  push_ok(client, name, std::string("\0\xff", 2));
  auto answer = pull_ok(client, name, "t=8&cf=msgpack");
  expect_equal(header_of(answer, "content-type"), "application/x-msgpack");
  expect_equal(header_of(answer, "x-lmq-message-type"), "compound");
  auto parts = unpack_compound(answer.body);
  std::vector<compound_part> wanted{
    {{{"content-type", "text/plain"}}, "plain text"}, octets(""), octets(std::string("\0\xff", 2))};
  expect(parts == wanted, "other parts");
}

CONTRACT("cf=msgpack holds large bodies and many of them") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":1})");
  std::vector<compound_part> wanted;
  for (std::size_t size :
       {0u, 31u, 32u, 255u, 256u, 65'535u, 65'536u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u}) {
    wanted.push_back(octets(std::string(size, 'x')));
    push_ok(client, name, wanted.back().body);
  }
  auto parts = unpack_compound(pull_ok(client, name, "t=8&cf=msgpack").body);
  expect(parts == wanted, "other parts");
}

CONTRACT("a compound given back can be pulled in the other format, with a new boundary") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.1})");
  push_ok(client, name, "x");
  auto first = lease_of(pull_ok(client, name, "t=8&cf=msgpack"));
  expect_nothing(settle(client, name, first, "nack"));
  auto answer = pull_ok(client, name);
  expect(lease_of(answer) != first, "the same lease again");
  expect_equal(answer.body, multipart_text(lease_of(answer), {octets("x")}));
}

CONTRACT("a window counts as one message while it is open, ready and leased") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.3})");
  auto size = [&] { return stats(client)["queues"][name]["size"].get<int>(); };
  push_ok(client, name, "a");
  push_ok(client, name, "b");
  expect_equal(size(), 1);
  pull(client, fresh_name(), "t=0.5");
  expect_equal(size(), 1);
  auto lease = lease_of(pull_ok(client, name));
  expect_equal(size(), 1);
  expect_nothing(settle(client, name, lease, "ack"));
  expect_equal(size(), 0);
}

CONTRACT("accum 0 is no window") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0})");
  expect_json(push(client, name, "x"), R"({"accum":"no"})");
  expect_equal(header_of(pull_ok(client, name), "x-lmq-message-type"), "normal");
}
