// A connection over the loopback: order, pace, limits, and peers that go away.
#define CAF_SUITE session

#include "tests/gateway/running_server.hpp"

#include <algorithm>
#include <caf/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

/// For answers of that size, also where sanitizers watch.
constexpr testing::seconds large_answer_time_max{60};

std::string header(const http_response& response, std::string_view name) {
  return response.header(name).value_or("none");
}

bool refused(const http_response& response, int status, const std::string& word) {
  return response.status == status && response.body.starts_with("{\"error\":\"" + word + "\",\"message\":\"");
}

} // namespace

CAF_TEST(a message goes in and comes out) {
  running_server server;
  auto client = server.connect();
  auto pushed = client.request("POST", "/messages/q", {{"content-type", "text/plain"}}, "hello");
  CAF_CHECK_EQUAL(pushed.status, 200);
  CAF_CHECK_EQUAL(pushed.body, R"({"accum":"no"})");
  auto pulled = client.request("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(pulled.status, 200);
  CAF_CHECK_EQUAL(pulled.body, "hello");
  CAF_CHECK_EQUAL(header(pulled, "content-type"), "text/plain");
  CAF_CHECK_EQUAL(header(pulled, "x-lmq-retry-remaining"), "2");
  auto settle = "/messages/q/" + header(pulled, "x-lmq-message-id") + "?reply=ack";
  CAF_CHECK_EQUAL(client.request("POST", settle).status, 204);
  CAF_CHECK(refused(client.request("POST", settle), 404, "no_such_lease"));
  CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(every other route has its answer) {
  running_server server;
  auto client = server.connect();
  CAF_CHECK_EQUAL(client.request("PATCH", "/properties/q", {}, R"({"retry":5})").status, 204);
  CAF_CHECK_EQUAL(client.request("GET", "/properties/q").body, R"({"accum":0,"retry":5,"timeout":30})");
  CAF_CHECK_EQUAL(client.request("DELETE", "/properties/q").status, 204);
  CAF_CHECK_EQUAL(client.request("PUT", "/properties", {}, R"([["q",{"retry":1}]])").status, 204);
  CAF_CHECK_EQUAL(client.request("GET", "/properties").body, R"([["q",{"retry":1}]])");
  CAF_CHECK_EQUAL(client.request("GET", "/properties/q").body, R"({"accum":0,"retry":1,"timeout":30})");
  CAF_CHECK_EQUAL(client.request("DELETE", "/properties").status, 204);
  CAF_CHECK_EQUAL(client.request("POST", "/messages?qre=^q$", {}, "x").body, R"({"q":{"accum":"no"}})");
  CAF_CHECK_EQUAL(client.request("GET", "/messages?qre=^q$&t=0").body, "x");
  CAF_CHECK_EQUAL(client.request("GET", "/messages?qre=^none$&t=0").status, 204);
  auto stats = client.request("GET", "/stats");
  CAF_CHECK(stats.body.find(R"("queues":{"q":{)") != std::string::npos);
  client.send("HEAD", "/properties/q");
  auto head = client.receive_to_head();
  CAF_CHECK_EQUAL(head.status, 200);
  CAF_CHECK_EQUAL(header(head, "content-length"), "34");
  CAF_CHECK_EQUAL(client.request("GET", "/openapi.json").status, 200);
  CAF_CHECK_EQUAL(header(client.request("OPTIONS", "/messages/q"), "allow"), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(header(client.request("PUT", "/messages/q"), "allow"), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(client.request("DELETE", "/queues/q").status, 204);
  CAF_CHECK(refused(client.request("DELETE", "/queues/q"), 404, "no_such_queue"));
}

CAF_TEST(pipelined requests are answered in their order) {
  running_server server;
  auto client = server.connect();
  std::string burst;
  for (int i = 0; i < 1'500; ++i)
    burst +=
      render_request("POST", "/messages/q", {}, std::to_string(i)) + render_request("GET", "/messages/q?t=0");
  burst += render_request("GET", "/nothing") + render_request("GET", "/stats");
  client.send_raw(burst);
  for (int i = 0; i < 1'500; ++i) {
    CAF_REQUIRE_EQUAL(client.receive().body, R"({"accum":"no"})");
    CAF_REQUIRE_EQUAL(client.receive().body, std::to_string(i));
  }
  CAF_CHECK(refused(client.receive(), 404, "no_such_route"));
  CAF_CHECK_EQUAL(client.receive().status, 200);
}

CAF_TEST(what is sent behind a waiting pull is answered after it) {
  running_server server;
  auto client = server.connect();
  client.send_raw(render_request("GET", "/messages/q?t=0.2") +
                  render_request("POST", "/messages/r", {}, "x"));
  CAF_CHECK_EQUAL(client.receive().status, 204);
  CAF_CHECK_EQUAL(client.receive().status, 200);
}

CAF_TEST(a request may come byte by byte) {
  running_server server;
  auto client = server.connect();
  auto request = render_request("POST", "/messages/q", {{"x-a", "b"}}, "body") +
                 "POST /messages/q HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                 "2\r\nch\r\n4\r\nunks\r\n0\r\n\r\n";
  for (char byte : request)
    client.send_raw({&byte, 1});
  CAF_CHECK_EQUAL(client.receive().status, 200);
  CAF_CHECK_EQUAL(client.receive().status, 200);
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").body, "body");
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").body, "chunks");
}

CAF_TEST(bodies of every size come back whole) {
  running_server server;
  auto client = server.connect();
  for (std::size_t bytes :
       {0u, 1u, 900u, 1'023u, 1'024u, 1'025u, 2'048u, 2'049u, 65'535u, 65'536u, 3'000'000u}) {
    std::string body(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
      body[i] = static_cast<char>(i * 31 + i / 251);
    CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, body).status, 200);
    CAF_CHECK(client.request("GET", "/messages/q?t=0").body == body);
  }
}

CAF_TEST(answers that are written a little at a time side by side come whole) {
  gateway_limits limits;
  limits.write_bytes_per_turn = 1'000;
  limits.burst_bytes_per_turn = 2'500; // less than the burst below has
  running_server server{limits};
  std::vector<http_client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.connect());
    CAF_REQUIRE_EQUAL(
      server.ask("POST", "/messages/q", std::string(50'000, static_cast<char>('a' + i))).status, 200);
  }
  std::string burst = render_request("GET", "/messages/q?t=0") + render_request("OPTIONS", "*");
  for (auto& client : clients)
    client.send_raw(burst);
  std::string letters;
  for (auto& client : clients) {
    auto body = client.receive().body;
    CAF_REQUIRE_EQUAL(body.size(), 50'000u);
    CAF_CHECK(body.find_first_not_of(body.front()) == std::string::npos);
    letters += body.front();
    CAF_CHECK_EQUAL(client.receive().status, 204);
  }
  std::sort(letters.begin(), letters.end());
  CAF_CHECK_EQUAL(letters, "abcdefghij");
}

CAF_TEST(a waiting pull is answered by a push of another connection and thread) {
  for (std::size_t threads : {1u, 2u}) {
    running_server server{{}, threads};
    auto waiter = server.connect();
    auto pusher = server.connect();
    for (auto* target : {"/messages/q", "/messages?qre=^q$"}) {
      waiter.send("GET", target);
      pusher.request("OPTIONS", "*");
      pusher.request("POST", "/messages/q", {}, target);
      CAF_CHECK_EQUAL(waiter.receive().body, target);
    }
  }
}

CAF_TEST(a client that goes away while it waits costs nothing) {
  running_server server;
  for (auto* target : {"/messages/q", "/messages?qre=^q$"}) {
    auto closing = server.connect(), resetting = server.connect(), half = server.connect();
    for (auto* waiter : {&closing, &resetting, &half})
      waiter->send("GET", target);
    server.let_it_arrive();
    closing.connection().close();
    resetting.connection().reset();
    half.connection().shut_sending();
    CAF_CHECK(half.closed_by_peer());
    server.let_it_arrive();
    server.ask("POST", "/messages/q", "x");
    auto pulled = server.ask("GET", "/messages/q?t=0");
    CAF_CHECK_EQUAL(pulled.body, "x");
    CAF_CHECK_EQUAL(header(pulled, "x-lmq-retry-remaining"), "2");
  }
}

CAF_TEST(a client may end its side as soon as it has asked) {
  running_server server;
  auto client = server.connect();
  client.send_raw(render_request("POST", "/messages/q", {}, "x") + render_request("GET", "/messages/q?t=0"));
  client.connection().shut_sending();
  CAF_CHECK_EQUAL(client.receive().status, 200);
  CAF_CHECK_EQUAL(client.receive().body, "x");
  CAF_CHECK(client.closed_by_peer());
}

CAF_TEST(a delivery that its client does not take goes back to the queue) {
  gateway_limits limits;
  limits.write_timeout = 1s;
  running_server server{limits};
  std::string body(beyond_socket_buffers, 'x');
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  auto stuck = server.connect();
  stuck.send("GET", "/messages/q?t=0");
  auto next = server.connect();
  next.send("GET", "/messages/q?t=15");
  auto pulled = next.receive(large_answer_time_max);
  CAF_CHECK(pulled.body == body);
  CAF_CHECK_EQUAL(header(pulled, "x-lmq-retry-remaining"), "2");
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(a delivery whose client resets while it is written goes back at once) {
  running_server server;
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", std::string(beyond_socket_buffers, 'x')).status, 200);
  auto gone = server.connect();
  gone.send("GET", "/messages/q?t=0");
  server.let_it_arrive();
  gone.connection().reset();
  auto next = server.connect();
  next.send("GET", "/messages/q?t=15");
  auto pulled = next.receive(large_answer_time_max);
  CAF_CHECK_EQUAL(header(pulled, "x-lmq-retry-remaining"), "2");
}

CAF_TEST(a client that reads slowly gets its answer) {
  running_server server;
  std::string body(beyond_socket_buffers, 'x');
  server.ask("POST", "/messages/q", body);
  auto slow = server.connect();
  slow.send("GET", "/messages/q?t=0");
  server.let_it_arrive();
  slow.send("GET", "/messages/q?t=0");
  server.let_it_arrive();
  CAF_CHECK(slow.receive(large_answer_time_max).body == body);
  CAF_CHECK_EQUAL(slow.receive().status, 204);
}

CAF_TEST(a head or body that does not come is a 408 and an idle connection just closes) {
  gateway_limits limits;
  limits.header_timeout = limits.body_timeout = limits.idle_timeout = 1s;
  running_server server{limits};
  auto head = server.connect(), body = server.connect(), chunk = server.connect(), idle = server.connect();
  auto used = server.connect();
  used.request("OPTIONS", "*");
  head.send_raw("GET /stats HTTP/1.1\r\nho");
  body.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
  chunk.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5");
  for (auto* late : {&head, &body, &chunk}) {
    auto answer = late->receive();
    CAF_CHECK(refused(answer, 408, "request_timeout"));
    CAF_CHECK_EQUAL(header(answer, "connection"), "close");
    CAF_CHECK(late->closed_by_peer());
  }
  CAF_CHECK(idle.closed_by_peer());
  CAF_CHECK(used.closed_by_peer());
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(a pull that waits outlasts the idle limit) {
  gateway_limits limits;
  limits.idle_timeout = limits.answer_timeout = 1s;
  running_server server{limits};
  auto waiter = server.connect();
  waiter.send("GET", "/messages/q?t=2.5");
  CAF_CHECK_EQUAL(waiter.receive().status, 204);
}

CAF_TEST(who sends more than is read ahead behind a pull that waits has until the idle limit) {
  gateway_limits limits;
  limits.idle_timeout = 1s;
  running_server server{limits};
  auto client = server.connect();
  client.send("GET", "/messages/q");
  client.connection().send_while_open(std::string(limits.pipelined_bytes_max * 4, 'x'));
  CAF_CHECK(client.ended_by_peer());
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", "x").status, 200);
  CAF_CHECK_EQUAL(header(server.ask("GET", "/messages/q?t=0"), "x-lmq-retry-remaining"), "2");
}

CAF_TEST(a body over the limit is a 413 that the client gets to read) {
  gateway_limits limits;
  limits.body_bytes_max = 1'000;
  limits.document_bytes_max = 100;
  running_server server{limits};
  auto announced = server.connect();
  announced.send("POST", "/messages/q", {}, std::string(10'000'000, 'x'));
  CAF_CHECK(refused(announced.receive(), 413, "body_too_large"));
  auto chunked = server.connect();
  chunked.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n400\r\n" +
                   std::string(0x400, 'x') + "\r\n0\r\n\r\n");
  CAF_CHECK(refused(chunked.receive(), 413, "body_too_large"));
  auto document = server.connect();
  document.send("PATCH", "/properties/q", {}, std::string(101, ' '));
  CAF_CHECK(refused(document.receive(), 413, "body_too_large"));
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", std::string(1'000, 'x')).status, 200);
}

CAF_TEST(bodies that come in part have a limit together and what is refused makes room) {
  gateway_limits limits;
  limits.incoming_bytes_max = 250'000;
  running_server server{limits};
  constexpr std::size_t part = 100'000;
  auto begin = [&](http_client& client, bool chunked) {
    client.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\n" +
                    (chunked ? std::string{"transfer-encoding: chunked\r\n\r\n186a1\r\n"}
                             : "content-length: " + std::to_string(part + 1) + "\r\n\r\n") +
                    std::string(part, 'x'));
    server.let_it_arrive();
  };
  auto first = server.connect(), second = server.connect();
  begin(first, false);
  begin(second, true);
  for (int i = 0; i < 3; ++i) { // what is refused is dropped, or the next ones would be refused for it
    auto third = server.connect();
    begin(third, i == 1);
    auto answer = third.receive();
    CAF_CHECK(refused(answer, 503, "unavailable"));
    CAF_CHECK_EQUAL(header(answer, "retry-after"), "1");
    CAF_CHECK_EQUAL(header(answer, "connection"), "close");
    CAF_CHECK(answer.body.find("250000 bytes") != std::string::npos);
  }
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/small", "x").status, 200);
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/small?t=0", std::string(part, 'x')).status, 200);
  first.send_raw("x");
  CAF_CHECK_EQUAL(first.receive().status, 200);
  begin(first, false);
  first.connection().reset();
  second.send_raw("x\r\n0\r\n\r\n");
  CAF_CHECK_EQUAL(second.receive().status, 200);
  auto last = server.connect();
  begin(last, false);
  begin(second, false);
  for (auto* one : {&last, &second}) {
    one->send_raw("x");
    CAF_CHECK_EQUAL(one->receive().status, 200);
  }
  for (int i = 0; i < 4; ++i)
    CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").body.size(), part + 1);
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(answers that nobody takes have a limit together and what is refused goes back to its place) {
  gateway_limits limits;
  limits.outgoing_bytes_max = 2 * beyond_socket_buffers - 100'000;
  running_server server{limits};
  const std::string body(beyond_socket_buffers, 'x');
  for (int i = 0; i < 3; ++i)
    CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/small", "x").status, 200);
  auto first = server.connect(), second = server.connect(), third = server.connect();
  for (auto* one : {&first, &second}) {
    one->send("GET", "/messages/q?t=0");
    server.let_it_arrive();
  }
  for (int i = 0; i < 2; ++i) {
    auto answer = third.request("GET", "/messages/q?t=0");
    CAF_CHECK(refused(answer, 503, "unavailable"));
    CAF_CHECK_EQUAL(header(answer, "retry-after"), "1");
    CAF_CHECK(answer.body.find("31900000 bytes") != std::string::npos);
  }
  CAF_CHECK_EQUAL(third.request("GET", "/messages/small?t=0").body, "x"); // what is small always has room
  CAF_CHECK_EQUAL(third.request("GET", "/queues").status, 200);
  CAF_CHECK(first.receive(large_answer_time_max).body == body);
  auto again = third.request("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(again.status, 200);
  CAF_CHECK_EQUAL(header(again, "x-lmq-retry-remaining"), "2"); // it cost no retry
  CAF_CHECK(second.receive(large_answer_time_max).body == body);
}

CAF_TEST(who takes nothing is closed when others find no room and the message goes to another) {
  gateway_limits limits;
  limits.outgoing_bytes_max = beyond_socket_buffers - 100'000;
  limits.crowded_write_timeout = 200ms;
  limits.crowd_look_interval = 50ms;
  running_server server{limits};
  const std::string body(beyond_socket_buffers, 'x');
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  auto stuck = server.connect();
  stuck.send("GET", "/messages/q?t=0");
  server.let_it_arrive();
  auto other = server.connect();
  auto answer = other.request("GET", "/messages/q?t=0");
  CAF_CHECK(refused(answer, 503, "unavailable"));
  auto asked_until = std::chrono::steady_clock::now() + patience;
  while (answer.status == 503 && std::chrono::steady_clock::now() < asked_until)
    answer = other.request("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(answer.status, 200);
  answer = other.request("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(answer.status, 200); // both, the one that the other did not take included
  CAF_CHECK_EQUAL(header(answer, "x-lmq-retry-remaining"), "2");
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(who takes nothing is let alone while there is room for others) {
  gateway_limits limits;
  limits.crowded_write_timeout = 50ms;
  limits.crowd_look_interval = 10ms;
  running_server server{limits};
  const std::string body(beyond_socket_buffers, 'x');
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  auto slow = server.connect(), clock = server.connect();
  slow.send("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(clock.request("GET", "/messages/none?t=0.5").status, 204);
  CAF_CHECK(slow.receive(large_answer_time_max).body == body);
}

CAF_TEST(a head over the limit is a 431) {
  running_server server;
  auto client = server.connect();
  client.send_raw("GET / HTTP/1.1\r\nhost: x\r\nx-a: " + std::string(20'000, 'a'));
  CAF_CHECK(refused(client.receive(), 431, "headers_too_large"));
  CAF_CHECK_EQUAL(server.connect().request("GET", "/stats", {{"x-a", std::string(15'000, 'a')}}).status, 200);
}

CAF_TEST(what is no HTTP is refused without waiting for more of it) {
  running_server server;
  for (auto* junk : {"\x16\x03\x01\x02", "\x80 ", "GET / HTTP/3.0\r\n\r\n", "get\r\n\r\n"}) {
    auto client = server.connect();
    client.send_raw(junk);
    CAF_CHECK(refused(client.receive(), 400, "bad_request"));
    CAF_CHECK(client.closed_by_peer());
  }
  auto client = server.connect();
  client.send_raw("\r\n\r\n");
  CAF_CHECK_EQUAL(client.request("GET", "/stats").status, 200);
}

CAF_TEST(a refused request whose body is there leaves the connection usable) {
  running_server server;
  auto client = server.connect();
  CAF_CHECK(refused(client.request("POST", "/nothing", {}, std::string(100'000, 'x')), 404, "no_such_route"));
  CAF_CHECK(refused(client.request("PATCH", "/properties/q", {}, "{"), 400, "bad_json"));
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "x").status, 200);
}

CAF_TEST(a client that asks before it sends its body is told to go on or not to) {
  running_server server;
  auto client = server.connect();
  client.send("POST", "/messages/q", {{"expect", "100-continue"}, {"content-length", "4"}});
  CAF_CHECK_EQUAL(client.receive().status, 100);
  client.send_raw("body");
  CAF_CHECK_EQUAL(client.receive().status, 200);
  client.send("POST", "/nothing", {{"expect", "100-continue"}, {"content-length", "4"}});
  auto answer = client.receive();
  CAF_CHECK(refused(answer, 404, "no_such_route"));
  CAF_CHECK_EQUAL(header(answer, "connection"), "close");
  CAF_CHECK(client.closed_by_peer());
}

CAF_TEST(the older version closes unless it asks not to) {
  running_server server;
  auto client = server.connect();
  client.send_raw("GET /stats HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
  CAF_CHECK_EQUAL(header(client.receive(), "connection"), "keep-alive");
  client.send_raw("GET /stats HTTP/1.0\r\n\r\n");
  CAF_CHECK_EQUAL(header(client.receive(), "connection"), "close");
  CAF_CHECK(client.closed_by_peer());
}

CAF_TEST(a request id is answered back where it was sent) {
  running_server server;
  auto client = server.connect();
  CAF_CHECK_EQUAL(header(client.request("GET", "/stats", {{"X-Request-Id", "abc"}}), "x-request-id"), "abc");
  CAF_CHECK(!client.request("GET", "/stats").has_header("x-request-id"));
}

CAF_TEST(connections beyond the limit are told so) {
  gateway_limits limits;
  limits.connections_max = 2;
  running_server server{limits};
  {
    auto first = server.connect(), second = server.connect();
    first.request("OPTIONS", "*");
    second.request("OPTIONS", "*");
    auto third = server.connect();
    CAF_CHECK(refused(third.receive(), 503, "too_many_connections"));
    CAF_CHECK(third.closed_by_peer());
    CAF_CHECK_EQUAL(first.request("GET", "/stats").status, 200);
  }
  // Their places are free again as soon as the server has seen them go; until then each try is told so.
  auto status = 503u;
  for (int tries = 0; status == 503u && tries < 10'000; ++tries)
    status = static_cast<unsigned>(server.ask("GET", "/stats").status);
  CAF_CHECK_EQUAL(status, 200u);
}

CAF_TEST(a queue that was deleted is found again under its name) {
  running_server server{{}, 2};
  auto one = server.connect(), other = server.connect();
  for (int i = 0; i < 20; ++i) {
    CAF_REQUIRE_EQUAL(one.request("POST", "/messages/q", {}, "x").status, 200);
    CAF_REQUIRE_EQUAL(other.request("POST", "/messages/q", {}, "x").status, 200);
    CAF_REQUIRE_EQUAL(one.request("DELETE", "/queues/q").status, 204);
    CAF_REQUIRE_EQUAL(other.request("POST", "/messages/q", {}, "y").status, 200);
    CAF_REQUIRE_EQUAL(one.request("GET", "/messages/q?t=0").body, "y");
    CAF_REQUIRE_EQUAL(other.request("DELETE", "/queues/q").status, 204);
  }
}

CAF_TEST(a deleted queue answers who waits at it) {
  running_server server;
  auto waiter = server.connect();
  waiter.send("GET", "/messages/q");
  server.let_it_arrive();
  CAF_CHECK_EQUAL(server.ask("DELETE", "/queues/q").status, 204);
  CAF_CHECK_EQUAL(waiter.receive().status, 204);
}

CAF_TEST(headers are kept as soon as a hook was set) {
  running_server server{{}, 2};
  auto one = server.connect(), other = server.connect();
  one.request("POST", "/messages/q", {{"x-a", "0"}}, "x");
  other.request("GET", "/messages/q?t=0");
  one.request("PATCH", "/properties/q", {},
              R"({"hooks":{"pre_http_push":[["lmq_hook_preserve_header",["x-a"]]]}})");
  other.request("POST", "/messages/q", {{"X-A", "1"}}, "y");
  CAF_CHECK_EQUAL(header(one.request("GET", "/messages/q?t=0"), "x-a"), "1");
}

CAF_TEST(a server that stops answers who waits and closes who is idle) {
  running_server server{{}, 2};
  auto idle = server.connect();
  idle.request("OPTIONS", "*");
  std::vector<http_client> waiters;
  for (auto* target : {"/messages/q", "/messages/q?t=100", "/messages?qre=x"}) {
    waiters.push_back(server.connect());
    waiters.back().send("GET", target);
  }
  auto writing = server.connect();
  writing.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nha");
  // Two rounds, one for each thread.
  server.let_it_arrive();
  server.let_it_arrive();
  auto stopped = server.begin_stop();
  CAF_CHECK(idle.closed_by_peer());
  for (auto& waiter : waiters) {
    auto answer = waiter.receive();
    CAF_CHECK_EQUAL(answer.status, 204);
    CAF_CHECK_EQUAL(header(answer, "connection"), "close");
    CAF_CHECK(waiter.closed_by_peer());
  }
  writing.send_raw("lf");
  auto answer = writing.receive();
  CAF_CHECK_EQUAL(answer.status, 200);
  CAF_CHECK_EQUAL(header(answer, "connection"), "close");
  CAF_CHECK(server.end_of_stop(std::move(stopped)));
}

CAF_TEST(a server that stops closes who was being answered when the answer is taken) {
  gateway_limits limits;
  limits.stop_timeout = 60s;
  running_server server{limits};
  const std::string body(beyond_socket_buffers, 'x');
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  auto slow = server.connect();
  slow.send("GET", "/messages/q?t=0");
  server.let_it_arrive();
  auto stopped = server.begin_stop();
  CAF_CHECK(slow.receive(large_answer_time_max).body == body);
  CAF_CHECK(slow.closed_by_peer());
  CAF_CHECK(server.end_of_stop(std::move(stopped)));
}

CAF_TEST(a server that stops does not wait for ever) {
  gateway_limits limits;
  limits.stop_timeout = 1s;
  running_server server{limits};
  auto half = server.connect();
  half.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nha");
  server.let_it_arrive();
  CAF_CHECK(server.end_of_stop(server.begin_stop()));
  CAF_CHECK(half.ended_by_peer());
}

CAF_TEST(a server that is dropped while clients wait lets go of all of it) {
  running_server server{{}, 2};
  auto waiter = server.connect();
  waiter.send("GET", "/messages/q");
  server.let_it_arrive();
  { auto dropped = std::move(server.server()); }
  CAF_CHECK(waiter.ended_by_peer());
  server.forget_server();
}

CAF_TEST(a port that is taken is a clear error) {
  running_server server;
  gateway_server_options options;
  options.http.port = server.port();
  auto second = gateway_server::start(server.system(), {}, options);
  CAF_REQUIRE(!second);
  CAF_CHECK(second.error().where == start_failure::protocol::http);
  CAF_CHECK_EQUAL(second.error().what, "127.0.0.1:" + std::to_string(server.port()) + " is in use");
  options.http.port = 0;
  options.rpc->port = server.port();
  auto third = gateway_server::start(server.system(), {}, options);
  CAF_REQUIRE(!third);
  CAF_CHECK(third.error().where == start_failure::protocol::rpc);
  options.rpc->address = "no address";
  CAF_CHECK(!gateway_server::start(server.system(), {}, options));
}
