// One broker, two APIs: what one pushes the other pulls, settles and waits for.
#define CAF_SUITE rpc_exchange

#include "tests/contract/compound.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

namespace {

/// What RPC pulls of a body that HTTP pushed.
packed over_to_rpc(std::string_view body, const http_headers& headers = {}, here at = here::current()) {
  auto name = fresh_name();
  auto pusher = http();
  auto puller = rpc();
  push_ok(pusher, name, body, headers, at);
  return pull_ok(puller, name, at).content;
}

const http_headers as_msgpack{{"content-type", "application/x-msgpack"}};

} // namespace

CONTRACT("what RPC pushed is application/x-msgpack on HTTP, with the value's bytes as body") {
  auto name = fresh_name();
  auto pusher = rpc();
  auto puller = http();
  for (auto& value : {packed{"text"}, packed{nullptr}, array({1, map({{"a", 1.5}})}),
                      packed::of_bytes(from_hex("cc 05")), bin("x")}) {
    push_ok(pusher, name, value);
    auto answer = pull_ok(puller, name);
    expect_equal(header_of(answer, "content-type"), "application/x-msgpack");
    expect_equal(header_of(answer, "x-lmq-message-type"), "normal");
    expect_equal(answer.body, value.bytes());
  }
}

CONTRACT("a body of UTF-8 that HTTP pushed is a string that clients of every age can read") {
  for (auto& body :
       {std::string{}, std::string{"a"}, std::string(31, 'x'), std::string(32, 'x'), std::string(40, 'x'),
        std::string(200, 'x'), std::string(255, 'x'), std::string(256, 'x'), std::string(65'535, 'x'),
        std::string(65'536, 'x'), std::string("a\0b", 3), std::string{"\xe5\xbe\x85\xe3\x81\xa1"},
        std::string{"\xf0\x9f\x90\x87"}, std::string{"{\"json\":true}"}})
    expect_equal(over_to_rpc(body, {{"content-type", "text/plain"}}), raw(body));
  expect_equal(over_to_rpc("no type"), raw("no type"));
}

CONTRACT("a body that is no UTF-8 is bin") {
  for (std::string body :
       {"\xff", "a\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe5\xbe"})
    expect_equal(over_to_rpc(body), bin(body));
  expect_equal(over_to_rpc(std::string(1000, '\xfe')), bin(std::string(1000, '\xfe')));
}

CONTRACT("a body that is application/x-msgpack is that value") {
  for (auto& value :
       {packed{nullptr}, packed{"text"}, array({1, bin("x")}), packed::of_bytes(from_hex("d9 01 61"))})
    expect_equal(over_to_rpc(value.bytes(), as_msgpack), value);
}

CONTRACT("a type that is not exactly application/x-msgpack makes no value of a body") {
  auto body = array({1, 2}).bytes();
  for (auto* type : {"application/x-msgpack; charset=utf-8", "application/msgpack", "application/x-msgpack2"})
    expect_equal(over_to_rpc(body, {{"content-type", type}}), bin(body));
}

CONTRACT("a body that calls itself application/x-msgpack and is none is a string or bin") {
  expect_equal(over_to_rpc("", as_msgpack), raw(""));
  expect_equal(over_to_rpc("\x01\x02", as_msgpack), raw("\x01\x02")); // two values
  expect_equal(over_to_rpc("\xc1", as_msgpack), bin("\xc1"));         // never used
  expect_equal(over_to_rpc("\x93\x01", as_msgpack), bin("\x93\x01")); // not all of it
  expect_equal(over_to_rpc("\xdd\xff\xff\xff\xff", as_msgpack), bin("\xdd\xff\xff\xff\xff"));
  expect_equal(over_to_rpc(std::string(100'000, '\x91'), as_msgpack), bin(std::string(100'000, '\x91')));
}

CONTRACT("what one API leased the other settles") {
  auto name = fresh_name();
  auto old = rpc();
  auto web = http();
  push_ok(web, name, "x");
  auto message = pull_ok(old, name);
  expect_nothing(settle(web, name, message.id, "nack"));
  auto answer = pull_ok(web, name);
  expect_equal(retry_remaining_of(answer), "1");
  expect_ok(old.call("retain", {name, lease_of(answer)}));
  expect_ok(old.call("done", {name, lease_of(answer)}));
  expect_refused(settle(web, name, lease_of(answer), "ack"), 404, "no_such_lease");
  expect_error(old.call("done", {name, lease_of(answer)}), "not_found");
}

CONTRACT("waiters of both APIs stand in one line") {
  auto name = fresh_name();
  auto web = http();
  auto old = rpc();
  auto pusher = http();
  web.send("GET", "/messages/" + name + "?t=20");
  let_it_arrive();
  auto second = old.begin("pull", {name, 20});
  auto third = old.begin("pull_any", {"^" + name + "$", 20});
  let_it_arrive();
  for (auto* body : {"a", "b", "c"})
    push_ok(pusher, name, body);
  expect_equal(web.receive().body, "a");
  expect_equal(message_in(old.await(second)).value().content, packed{"b"});
  expect_equal(message_in(old.await(third)).value().content, packed{"c"});
}

CONTRACT("a window may hold what both APIs pushed, and both can pull it") {
  auto name = fresh_name();
  auto web = http();
  auto old = rpc();
  expect_ok(old.call("update_props", {name, map({{"pack", 0.2}})}));
  auto value = array({1, nullptr});
  auto text = std::string(40, 'x');
  for (int round = 0; round < 2; ++round) {
    expect_result(old.call("push", {name, value}), "packing started");
    expect_json(push(web, name, text, {{"content-type", "text/plain"}}), R"({"accum":"yes"})");
    expect_json(push(web, name, "\xff"), R"({"accum":"yes"})");
    if (round == 0) {
      auto message = message_in(old.call("pull", {name, 5})).value();
      expect_equal(message.type, "package");
      expect_equal(message.content, array({value, raw(text), bin("\xff")}));
    } else {
      auto answer = pull_ok(web, name, "t=5&cf=msgpack");
      auto parts = unpack_compound(answer.body);
      require(parts.size() == 3, "not three parts");
      expect_equal(parts[0].body, value.bytes());
      expect(parts[0].headers == http_headers{{"content-type", "application/x-msgpack"}}, "another type");
      expect_equal(parts[1].body, text);
    }
  }
}

CONTRACT("delete over one API is seen over the other") {
  auto name = fresh_name();
  auto web = http();
  auto old = rpc();
  push_ok(old, name, "x");
  expect_nothing(web.request("DELETE", "/queues/" + name));
  expect_empty(old.call("pull", {name, 0}));
  expect_ok(old.call("delete", {name}));
  expect_refused(web.request("DELETE", "/queues/" + name), 404, "no_such_queue");
}

CONTRACT("stats count what came over RPC") {
  auto name = fresh_name();
  auto web = http();
  auto old = rpc();
  for (int i = 0; i < 3; ++i)
    push_ok(old, name, i);
  pull_ok(old, name);
  auto queue = stats(web).at("queues").at(name);
  expect_equal(queue.at("size"), 3);
  expect_equal(queue.at("stats").at("push").at("count"), 3);
  expect_equal(queue.at("stats").at("pull").at("count"), 1);
}
