// Push: what is accepted, what is kept, what is answered.
#define CAF_SUITE push

#include "tests/contract/requests.hpp"

#include <numeric>

using namespace lmq::contract;

namespace {

std::string every_byte() {
  std::string out(256, '\0');
  std::iota(out.begin(), out.end(), '\0');
  return out;
}

} // namespace

EVERY_WIRE("a pushed message is pulled as it was pushed") {
  auto client = wire.connect();
  auto name = fresh_name();
  expect(client->push(name, "one message") == push_result::stored, "not stored as a normal message");
  auto message = client->pull(name);
  require(message.has_value(), "no message");
  expect_equal(message->content(), "one message");
  expect_equal(message->queue, name);
  expect(message->kind == message_kind::normal, "not a normal message");
}

EVERY_WIRE("a push creates its queue, so that one of many finds it") {
  auto client = wire.connect();
  auto name = fresh_name();
  client->push(name, "first");
  client->push_all("^" + name + "$", "second");
  expect_equal(client->pull(name).value().content(), "first");
  expect_equal(client->pull(name).value().content(), "second");
}

CONTRACT("a push is answered 200 with {\"accum\":\"no\"} as compact JSON") {
  auto client = http();
  expect_json(push(client, fresh_name(), "x"), R"({"accum":"no"})");
}

CONTRACT("body and content-type come back byte for byte") {
  auto client = http();
  auto name = fresh_name();
  auto type = R"(Text/Plain;  charset="UTF-8" ;Odd=yes)";
  push_ok(client, name, every_byte(), {{"Content-Type", type}});
  auto answer = pull_ok(client, name);
  expect(answer.body == every_byte(), "other bytes");
  expect_equal(header_of(answer, "content-type"), type);
}

CONTRACT("a push without a content-type is pulled as application/octet-stream") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_equal(header_of(pull_ok(client, name), "content-type"), "application/octet-stream");
}

CONTRACT("other request headers are dropped") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x",
          {{"user-agent", "test"},
           {"x-custom", "1"},
           {"content-encoding", "gzip"},
           {"content-language", "de"},
           {"cookie", "a=b"}});
  auto answer = pull_ok(client, name);
  for (auto* dropped : {"user-agent", "x-custom", "content-encoding", "content-language", "cookie"})
    expect(!answer.has_header(dropped), std::string("kept ") + dropped);
}

CONTRACT("an empty body is a message") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "");
  auto answer = pull_ok(client, name);
  expect_equal(answer.body, "");
  expect_equal(header_of(answer, "content-length"), "0");
}

CONTRACT("a push that speaks of no body at all is an empty message") {
  auto client = http();
  auto name = fresh_name();
  client.send_raw("POST /messages/" + name + " HTTP/1.1\r\nhost: x\r\n\r\n");
  expect_json(client.receive(), R"({"accum":"no"})");
  expect_equal(pull_ok(client, name).body, "");
}

CONTRACT("a body of several megabytes comes back whole") {
  auto client = http();
  auto name = fresh_name();
  std::string body;
  while (body.size() < 3'000'000)
    body += every_byte() + std::to_string(body.size());
  push_ok(client, name, body);
  expect(pull_ok(client, name).body == body, "other bytes");
}

CONTRACT("a chunked push is one message without its chunks") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n",
          {{"transfer-encoding", "chunked"}, {"content-type", "text/plain"}});
  auto answer = pull_ok(client, name);
  expect_equal(answer.body, "hello, world");
  expect_equal(header_of(answer, "content-type"), "text/plain");
}

CONTRACT("an empty chunked push is an empty message") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "0\r\n\r\n", {{"transfer-encoding", "chunked"}});
  expect_equal(pull_ok(client, name).body, "");
}

CONTRACT("a push with expect: 100-continue is told to go on, and then answered") {
  auto client = http();
  auto name = fresh_name();
  client.send("POST", "/messages/" + name, {{"expect", "100-continue"}, {"content-length", "4"}});
  auto interim = client.receive();
  expect_status(interim, 100);
  client.send_raw("body");
  expect_json(client.receive(), R"({"accum":"no"})");
  expect_equal(pull_ok(client, name).body, "body");
}

CONTRACT("a body that looks like a request is only a body") {
  auto client = http();
  auto name = fresh_name();
  std::string body = "DELETE /queues/" + name + " HTTP/1.1\r\nhost: x\r\n\r\n";
  push_ok(client, name, body);
  expect_equal(pull_ok(client, name).body, body);
}

CONTRACT("a body cut off by the client is no message") {
  auto name = fresh_name();
  auto cut = http();
  cut.send("POST", "/messages/" + name, {{"content-length", "10"}}, "half");
  cut.connection().close();
  let_it_arrive();
  auto client = http();
  expect_nothing(pull(client, name));
}

CONTRACT("when a push is answered the next pull finds the message, on any connection and thread") {
  server_process several{{.threads = 3}};
  std::vector<http_client> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i)
    clients.emplace_back(several.http_port());
  for (std::size_t i = 0; i < 400; ++i) {
    auto name = "queue" + std::to_string(i % 40) + "end";
    push_ok(clients[i % 4], name, "x");
    auto target = i % 2 == 0 ? "/messages/" + name + "?t=0" : "/messages?t=0&qre=^" + name + "$";
    auto answer = clients[i / 4 % 4].request("GET", target);
    require(answer.status == 200, "not found by " + target);
  }
  expect(several.stop() == 0, "ended badly: " + several.process().standard_error());
}
