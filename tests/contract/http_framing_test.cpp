// HTTP/1.1 itself: connections, the ends of messages, methods, versions.
#define CAF_SUITE http_framing

#include "tests/contract/requests.hpp"

#include <algorithm>

using namespace lmq::contract;

CONTRACT("one connection takes many requests") {
  auto client = http();
  auto name = fresh_name();
  for (int i = 0; i < 100; ++i) {
    push_ok(client, name, "x");
    expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "ack"));
  }
}

CONTRACT("pipelined requests are answered in their order") {
  auto client = http();
  auto name = fresh_name();
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += render_request("POST", "/messages/" + name, {}, std::to_string(i)) +
                render_request("GET", "/messages/" + name + "?t=0");
  client.send_raw(requests);
  for (int i = 0; i < 50; ++i) {
    expect_json(client.receive(), R"({"accum":"no"})");
    expect_equal(client.receive().body, std::to_string(i));
  }
}

CONTRACT("a request behind a waiting pull is answered after it") {
  auto client = http();
  auto pusher = http();
  auto name = fresh_name();
  client.send("GET", "/messages/" + name + "?t=20");
  client.send("GET", "/properties/" + name);
  let_it_arrive();
  push_ok(pusher, name, "x");
  expect_equal(client.receive().body, "x");
  expect_equal(client.receive().body, R"({"accum":0,"retry":2,"timeout":30})");
}

CONTRACT("a refused request in a pipeline does not disturb its neighbours") {
  auto client = http();
  auto name = fresh_name();
  client.send("POST", "/messages/" + name, {}, "a");
  client.send("PATCH", "/properties/" + name, {}, "{");
  client.send("GET", "/nothing", {}, "with a body");
  client.send("GET", "/messages/" + name + "?t=0");
  expect_status(client.receive(), 200);
  expect_status(client.receive(), 400);
  expect_status(client.receive(), 404);
  expect_equal(client.receive().body, "a");
}

CONTRACT("a request may come in any pieces") {
  auto client = http();
  auto name = fresh_name();
  for (char byte : render_request("POST", "/messages/" + name, {{"content-type", "a/b"}}, "body"))
    client.send_raw(std::string_view{&byte, 1});
  expect_json(client.receive(), R"({"accum":"no"})");
  for (char byte : render_request("POST", "/messages/" + name, {{"transfer-encoding", "chunked"}},
                                  "2\r\nbo\r\n2;ext=1\r\ndy\r\n0\r\nx-trailer: 1\r\n\r\n"))
    client.send_raw(std::string_view{&byte, 1});
  expect_json(client.receive(), R"({"accum":"no"})");
  expect_equal(pull_ok(client, name).body, "body");
  expect_equal(pull_ok(client, name).body, "body");
}

CONTRACT("pipelined requests keep their ends wherever their bytes are cut") {
  auto client = http();
  auto other = http();
  auto name = fresh_name();
  auto requests = render_request("POST", "/messages/" + name, {}, "123") +
                  render_request("POST", "/messages/" + name, {{"transfer-encoding", "chunked"}},
                                 "2\r\n45\r\n1\r\n6\r\n0\r\n\r\n") +
                  render_request("GET", "/messages/" + name + "?t=0") +
                  render_request("GET", "/messages/" + name + "?t=0");
  for (std::size_t cut = 1; cut < requests.size(); ++cut) {
    client.send_raw(requests.substr(0, cut));
    other.request("GET", "/properties"); // by now the first piece has been read
    client.send_raw(requests.substr(cut));
    for (auto* wanted : {R"({"accum":"no"})", R"({"accum":"no"})", "123", "456"})
      if (auto answer = client.receive(); answer.body != wanted)
        require(false, "cut at " + std::to_string(cut) + ", was answered " + answer.raw);
  }
}

CONTRACT("a chunked body's end is the next request's beginning") {
  auto client = http();
  auto name = fresh_name();
  client.send_raw(render_request("POST", "/messages/" + name, {{"Transfer-Encoding", "Chunked"}},
                                 "00a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n") +
                  render_request("GET", "/messages/" + name + "?t=0"));
  expect_status(client.receive(), 200);
  expect_equal(client.receive().body, "01234567890123456789");
}

CONTRACT("names of request headers may be spelled in any case") {
  auto client = http();
  auto name = fresh_name();
  client.send_raw("POST /messages/" + name +
                  " HTTP/1.1\r\nHOST: x\r\nCoNTeNT-LeNGTH:4\r\n"
                  "CONTENT-TYPE:\t a/b \t\r\n\r\nbody");
  expect_status(client.receive(), 200);
  auto answer = pull_ok(client, name);
  expect_equal(answer.body, "body");
  expect_equal(header_of(answer, "content-type"), "a/b");
}

CONTRACT("names of answer headers are in lower case, in every kind of answer") {
  auto client = http();
  auto name = fresh_name();
  auto expect_lower = [](const http_response& answer) {
    for (auto& [key, value] : answer.headers)
      expect(std::none_of(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), key);
  };
  expect_lower(push(client, name, "x"));
  expect_lower(pull(client, name));
  expect_lower(pull(client, name));
  expect_lower(client.request("GET", "/stats"));
  expect_lower(client.request("GET", "/nothing"));
  expect_lower(client.request("PUT", "/stats"));
  expect_lower(client.request("OPTIONS", "/stats"));
  expect_lower(client.request("PATCH", "/properties/" + name, {}, "{"));
  expect_lower(client.request("GET", "/openapi.json"));
  client.send_raw("nonsense\r\n\r\n");
  expect_lower(client.receive());
}

CONTRACT("connection: close is answered, said, and done") {
  auto client = http();
  auto answer = client.request("GET", "/stats", {{"connection", "close"}});
  expect_status(answer, 200);
  expect_equal(header_of(answer, "connection"), "close");
  expect(client.closed_by_peer(), "still open");
}

CONTRACT("connection: close holds for a refused request, too") {
  auto client = http();
  expect_status(client.request("GET", "/nothing", {{"connection", "close"}}), 404);
  expect(client.closed_by_peer(), "still open");
}

CONTRACT("HTTP/1.0 needs no host, and its connection ends with the answer") {
  auto client = http();
  auto name = fresh_name();
  client.send_raw("POST /messages/" + name + " HTTP/1.0\r\ncontent-length: 1\r\n\r\nx");
  expect_json(client.receive(), R"({"accum":"no"})");
  expect(client.closed_by_peer(), "still open");
}

CONTRACT("an answer to HTTP/1.0 is not chunked") {
  auto client = http();
  client.send_raw("GET /stats HTTP/1.0\r\n\r\n");
  auto answer = client.receive();
  expect_status(answer, 200);
  expect(!answer.has_header("transfer-encoding"), "chunked");
}

CONTRACT("HTTP/1.0 with connection: keep-alive stays open") {
  auto client = http();
  for (int i = 0; i < 2; ++i) {
    client.send_raw("GET /stats HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    auto answer = client.receive();
    expect_status(answer, 200);
    expect(same_name(answer.header("connection").value_or("none"), "keep-alive"), "not said");
  }
}

CONTRACT("HTTP/1.1 without host is refused") {
  auto client = http();
  client.send_raw("GET /stats HTTP/1.1\r\n\r\n");
  expect_refused(client.receive(), 400, "bad_request");
}

CONTRACT("what is no HTTP is refused and the connection ends") {
  for (auto* nonsense :
       {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /stats\r\n\r\n", "GET /stats HTTP/x.y\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "GET /stats HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        "POST /messages/a HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        "POST /messages/a HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "POST /messages/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"}) {
    auto client = http();
    client.send_raw(nonsense);
    expect_refused(client.receive(), 400, "bad_request");
    expect(client.ended_by_peer(), std::string("still open after ") + nonsense);
  }
}

CONTRACT("an unknown version of HTTP is not answered as if it were known") {
  auto client = http();
  client.send_raw("GET /stats HTTP/3.7\r\nhost: x\r\n\r\n");
  auto answer = client.receive();
  expect(answer.status == 400 || answer.status == 505, "was answered " + answer.raw);
}

CONTRACT("bodies of requests that need none are passed over") {
  auto client = http();
  for (int i = 0; i < 3; ++i)
    expect_status(client.request("GET", "/stats", {}, "GET /nothing HTTP/1.1\r\n\r\n"), 200);
  expect_status(client.request("GET", "/stats", {{"transfer-encoding", "chunked"}}, "1\r\nx\r\n0\r\n\r\n"),
                200);
  expect_status(client.request("GET", "/stats"), 200);
}

CONTRACT("expect: 100-continue with the body already sent is answered once") {
  auto client = http();
  auto name = fresh_name();
  client.send("POST", "/messages/" + name, {{"expect", "100-continue"}}, "body");
  auto answer = client.receive();
  if (answer.is_interim())
    answer = client.receive();
  expect_json(answer, R"({"accum":"no"})");
  expect_status(client.request("GET", "/stats"), 200);
}

CONTRACT("x-request-id is answered where it was asked, and nowhere else") {
  auto client = http();
  auto asked = client.request("GET", "/stats", {{"x-request-id", "abc-123"}});
  expect_equal(header_of(asked, "x-request-id"), "abc-123");
  expect(!client.request("GET", "/stats").has_header("x-request-id"), "answered unasked");
}

CONTRACT("x-request-id comes back with every kind of answer, and each with its own in a pipeline") {
  auto client = http();
  auto name = fresh_name();
  struct asked {
    std::string method, target, body;
    int status;
  };
  const std::vector<asked> all{{"POST", "/messages/" + name, "x", 200},
                               {"GET", "/messages/" + name + "?t=0", "", 200},
                               {"GET", "/messages/" + name + "?t=0.01", "", 204},
                               {"POST", "/messages/" + name + "/no-lease?reply=ack", "", 404},
                               {"PATCH", "/properties/" + name, "{", 400},
                               {"PUT", "/messages/" + name, "", 405},
                               {"GET", "/no/route", "", 404},
                               {"OPTIONS", "*", "", 204},
                               {"GET", "/openapi.json", "", 200}};
  for (std::size_t i = 0; i < all.size(); ++i)
    client.send(all[i].method, all[i].target, {{"X-Request-ID", "id-" + std::to_string(i)}}, all[i].body);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto answer = client.receive();
    expect_status(answer, all[i].status);
    expect_equal(header_of(answer, "x-request-id"), "id-" + std::to_string(i));
  }
  expect(!client.request("GET", "/no/route").has_header("x-request-id"), "the last one stayed");
  expect(
    !client.request("GET", "/stats", {{"x-request-id", std::string(129, 'x')}}).has_header("x-request-id"),
    "one without end came back");
}

CONTRACT("an empty line before a request does no harm") {
  auto client = http();
  expect_status(client.request("GET", "/stats"), 200);
  client.send_raw("\r\n");
  client.send("GET", "/stats");
  expect_status(client.receive(), 200);
}

CONTRACT("a client that reads slowly gets all of a large body, and holds up nobody") {
  auto slow = http();
  auto other = http();
  auto name = fresh_name();
  std::string body(8'000'000, 'b');
  push_ok(slow, name, body);
  slow.send("GET", "/messages/" + name + "?t=0");
  for (int i = 0; i < 20; ++i)
    expect_status(other.request("GET", "/stats"), 200);
  expect(slow.receive().body == body, "other bytes");
}
