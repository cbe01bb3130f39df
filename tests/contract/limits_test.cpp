// Every bound that a server has for its clients: what is answered at the bound, and beyond it.
#define CAF_SUITE limits

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;

namespace {

/// After 413: the connection is usable, or it ended in good order.
void expect_usable_or_closed(http_client& client, const http_response& answer, here at = here::current()) {
  if (answer.header("connection") == "close") {
    expect(client.closed_by_peer(), "not closed in good order", at);
    return;
  }
  expect_status(client.request("GET", "/stats"), 200, at);
}

constexpr std::size_t body_max = 1000;

} // namespace

CONTRACT("a body of --body-bytes-max is taken, one byte more is 413") {
  limited_server server{{"--body-bytes-max", std::to_string(body_max)}};
  auto client = server.http();
  push_ok(client, "a", std::string(body_max, 'x'));
  auto answer = push(client, "a", std::string(body_max + 1, 'x'));
  expect_refused(answer, 413, "body_too_large");
  expect_usable_or_closed(client, answer);
  auto other = server.http();
  pull_ok(other, "a");
  expect_nothing(pull(other, "a"));
}

CONTRACT("a chunked body over the limit is 413") {
  limited_server server{{"--body-bytes-max", std::to_string(body_max)}};
  auto client = server.http();
  auto chunk = [](std::size_t size) {
    std::ostringstream out;
    out << std::hex << size << "\r\n" << std::string(size, 'x') << "\r\n";
    return out.str();
  };
  push_ok(client, "a", chunk(600) + chunk(400) + "0\r\n\r\n", {{"transfer-encoding", "chunked"}});
  client.send("POST", "/messages/a", {{"transfer-encoding", "chunked"}},
              chunk(600) + chunk(401) + "0\r\n\r\n");
  auto answer = client.receive();
  expect_refused(answer, 413, "body_too_large");
  expect_usable_or_closed(client, answer);
}

CONTRACT("the limit holds for properties and rules as well") {
  limited_server server{{"--body-bytes-max", std::to_string(body_max)}};
  auto client = server.http();
  auto answer = client.request("PUT", "/properties", {}, "[" + std::string(body_max, ' ') + "]");
  expect_refused(answer, 413, "body_too_large");
  expect_usable_or_closed(client, answer);
}

CONTRACT("a body over the limit that was announced is refused without 100") {
  limited_server server{{"--body-bytes-max", std::to_string(body_max)}};
  auto client = server.http();
  client.send("POST", "/messages/a", {{"expect", "100-continue"}, {"content-length", "1000000"}});
  expect_refused(client.receive(), 413, "body_too_large");
}

CONTRACT("a client that still sends its too large body reads 413, not a reset") {
  constexpr std::size_t large_max = 1'000'000;
  limited_server server{{"--body-bytes-max", std::to_string(large_max)}};
  auto client = server.http();
  std::string body(2 * large_max, 'x');
  auto request = render_request("POST", "/messages/a", {}, body);
  expect_equal(client.connection().send_while_open(request), request.size());
  auto answer = client.receive();
  expect_refused(answer, 413, "body_too_large");
  expect_usable_or_closed(client, answer);
}

CONTRACT("a body of any announced length takes no memory and no time before it comes") {
  limited_server server{{}};
  auto client = server.http();
  client.send("POST", "/messages/a", {{"content-length", "18446744073709551615"}});
  auto answer = client.receive();
  expect(answer.status == 413 || answer.status == 400, "was answered " + answer.raw);
  auto other = server.http();
  expect_status(other.request("GET", "/stats"), 200);
}

CONTRACT(
  "bodies that are on their way have a limit together, and a flood of them leaves the server as it was") {
  // A quarter of --memory-limit.
  limited_server server{{"--memory-limit", "16MiB", "--body-bytes-max", "1MiB"}};
  constexpr std::size_t part = 500'000;
  std::vector<http_client> senders;
  for (int i = 0; i < 40; ++i) {
    senders.push_back(server.http());
    senders.back().connection().send_while_open(
      "POST /messages/flood HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(part + 1) + "\r\n\r\n" +
      std::string(part, 'x'));
  }
  let_it_arrive(server.process());
  auto client = server.http();
  push_ok(client, "other", "x");
  expect_equal(pull_ok(client, "other").body, "x");
  int stored = 0, turned_away = 0;
  for (auto& sender : senders) {
    sender.connection().send_while_open("x");
    auto answer = sender.receive();
    stored += answer.status == 200;
    if (answer.status != 200) {
      ++turned_away;
      expect_refused(answer, 503, "unavailable");
      expect_equal(header_of(answer, "retry-after"), "1");
    }
  }
  expect(stored >= 6 && turned_away >= 30, std::to_string(stored) + " were stored");
  push_ok(client, "flood", std::string(part, 'x'));
}

CONTRACT("the default limit is 64 MiB") {
  limited_server server{{}};
  auto client = server.http();
  client.send("POST", "/messages/a", {{"expect", "100-continue"}, {"content-length", "67108865"}});
  expect_refused(client.receive(), 413, "body_too_large");
  auto other = server.http();
  other.send("POST", "/messages/a", {{"expect", "100-continue"}, {"content-length", "67108864"}});
  expect_status(other.receive(), 100);
}

CONTRACT("a head over --header-bytes-max is 431 and the end of the connection") {
  limited_server server{{"--header-bytes-max", "2000"}};
  auto client = server.http();
  expect_status(client.request("GET", "/stats", {{"x-long", std::string(1500, 'x')}}), 200);
  auto answer = client.request("GET", "/stats", {{"x-long", std::string(2500, 'x')}});
  expect_refused(answer, 431, "headers_too_large");
  expect_equal(header_of(answer, "connection"), "close");
  expect(client.closed_by_peer(), "not closed in good order");
}

CONTRACT("many headers and a long target are 431 as well") {
  limited_server server{{"--header-bytes-max", "2000"}};
  http_headers many;
  for (int i = 0; i < 400; ++i)
    many.emplace_back("x-" + std::to_string(i), "1");
  auto client = server.http();
  expect_refused(client.request("GET", "/stats", many), 431, "headers_too_large");
  auto other = server.http();
  expect_refused(other.request("GET", "/messages/" + std::string(2500, 'x')), 431, "headers_too_large");
}

CONTRACT("a head that never ends is refused at its limit") {
  limited_server server{{"--header-bytes-max", "2000"}};
  auto client = server.http();
  client.send_raw("GET /stats HTTP/1.1\r\nhost: x\r\nx-long: " + std::string(10'000, 'x'));
  expect_refused(client.receive(), 431, "headers_too_large");
  expect(client.ended_by_peer(), "still open");
}

CONTRACT("a connection over --connections-max is answered 503 and closed, the others stay") {
  limited_server server{{"--connections-max", "3"}};
  std::vector<http_client> allowed;
  for (int i = 0; i < 3; ++i) {
    allowed.push_back(server.http());
    expect_status(allowed.back().request("GET", "/stats"), 200);
  }
  auto surplus = server.http();
  surplus.send("GET", "/stats");
  auto refused = surplus.receive();
  expect_refused(refused, 503, "too_many_connections");
  expect_equal(header_of(refused, "retry-after"), "1");
  expect(surplus.ended_by_peer(), "still open");
  for (auto& client : allowed)
    expect_status(client.request("GET", "/stats"), 200);
}

CONTRACT("a connection that ends makes room for another") {
  limited_server server{{"--connections-max", "1"}};
  for (int i = 0; i < 10; ++i) {
    auto client = server.http();
    // The end of the last one may be seen after the beginning of this one.
    auto answer = client.request("GET", "/stats", {{"connection", "close"}});
    for (int again = 0; answer.status == 503 && again < 100; ++again) {
      client.ended_by_peer();
      client = server.http();
      answer = client.request("GET", "/stats", {{"connection", "close"}});
    }
    expect_status(answer, 200);
    expect(client.closed_by_peer(), "still open");
  }
}

CONTRACT(
  "a pull that would wait beside --waiters-max others is 503, over both protocols, and one that ends makes room") {
  limited_server limited{{"--waiters-max", "2"}};
  auto first = limited.http();
  first.send("GET", "/messages/a");
  auto second = limited.rpc();
  auto waits = second.begin("pull_any", {"^b$"});
  let_it_arrive(limited.process());
  auto third = limited.http();
  auto refused = third.request("GET", "/messages/c");
  expect_refused(refused, 503, "unavailable");
  expect_equal(refused.header("retry-after").value_or("none"), "1");
  expect(refused.body.find("--waiters-max") != std::string::npos, "the limit is not named: " + refused.body);
  expect_equal(second.call("pull", {"c"}).error, "unavailable");
  expect_status(third.request("GET", "/messages/c?t=0"), 204);
  push_ok(third, "a", "x");
  expect_status(first.receive(), 200);
  expect_status(third.request("GET", "/messages/c?t=0.01"), 204);
  push_ok(third, "b", "y");
  expect(!second.await(waits).is_error(), "the pull that waits got an error");
}

CONTRACT(
  "a queue beyond --queues-max is 507 however it would come to be, and those that are there go on, also after a start") {
  temporary_folder folder;
  auto directory = folder.path("data");
  {
    limited_server three{{"--queues-max", "3"}, directory};
    auto client = three.http();
    for (auto* name : {"a", "b", "c"})
      push_ok(client, name, name);
    auto refused = client.request("POST", "/messages/d", {}, "x");
    expect_refused(refused, 507, "over_limit");
    expect(refused.body.find("--queues-max") != std::string::npos, "the limit is not named: " + refused.body);
    expect_refused(client.request("GET", "/messages/d?t=0"), 507, "over_limit");
    expect_refused(client.request("PATCH", "/properties/d", {}, "{}"), 507, "over_limit");
    expect_refused(client.request("GET", "/queues/d"), 404, "no_such_queue");
    push_ok(client, "a", "more");
    expect_status(client.request("DELETE", "/queues/b"), 204);
    push_ok(client, "d", "x");
  }
  limited_server one{{"--queues-max", "1"}, directory};
  auto client = one.http();
  for (auto* name : {"a", "c", "d"})
    expect_status(client.request("GET", std::string("/messages/") + name + "?t=0"), 200);
  expect_refused(client.request("POST", "/messages/e", {}, "x"), 507, "over_limit");
}

CONTRACT("a head that does not come within --header-timeout is 408") {
  limited_server server{{"--header-timeout", "0.3"}};
  auto client = server.http();
  stopwatch watch;
  client.send_raw("GET /stats HTTP/1.1\r\nhost");
  expect_refused(client.receive(), 408, "request_timeout");
  expect_took(watch.elapsed(), seconds{0.3});
  expect(client.ended_by_peer(), "still open");
}

CONTRACT("a head that comes byte by byte does not get more time") {
  limited_server server{{"--header-timeout", "0.4"}};
  auto client = server.http();
  stopwatch watch;
  client.send_raw("GET /stats HTTP/1.1\r\nx-slow: ");
  while (!client.connection().readable_within(seconds{0.05}) && watch.elapsed() < seconds{5.0})
    client.connection().send_while_open("x");
  expect_took(watch.elapsed(), seconds{0.4});
  expect_refused(client.receive(), 408, "request_timeout");
}

CONTRACT("a body that does not come within --body-timeout is 408") {
  limited_server server{{"--body-timeout", "0.3"}};
  auto client = server.http();
  stopwatch watch;
  client.send("POST", "/messages/a", {{"content-length", "10"}}, "half");
  expect_refused(client.receive(), 408, "request_timeout");
  expect_took(watch.elapsed(), seconds{0.3});
  expect(client.ended_by_peer(), "still open");
  auto other = server.http();
  expect_nothing(pull(other, "a"));
}

CONTRACT("a connection idle for --idle-timeout is closed without a word") {
  limited_server server{{"--idle-timeout", "0.3"}};
  auto client = server.http();
  for (int i = 0; i < 3; ++i)
    expect_status(client.request("GET", "/stats"), 200);
  stopwatch watch;
  expect(client.closed_by_peer(), "not closed in good order");
  expect_took(watch.elapsed() + seconds{0.05}, seconds{0.3});
}

CONTRACT("a connection that never says anything is closed as well") {
  limited_server server{{"--idle-timeout", "0.3", "--header-timeout", "0.3"}};
  auto client = server.http();
  stopwatch watch;
  client.connection().readable_within(answer_time_max);
  expect_took(watch.elapsed() + seconds{0.05}, seconds{0.3});
}

CONTRACT("a waiting pull is not idle") {
  limited_server server{{"--idle-timeout", "0.2", "--header-timeout", "0.2", "--body-timeout", "0.2"}};
  auto client = server.http();
  stopwatch watch;
  expect_nothing(pull(client, "a", "t=0.8"));
  expect_took(watch.elapsed(), seconds{0.8});
  expect_status(client.request("GET", "/stats"), 200);
}

CONTRACT("slow and silent clients hold up nobody") {
  limited_server server{{}};
  std::vector<http_client> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(server.http());
    if (i % 2 == 0)
      silent.back().send_raw("POST /messages/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nx");
  }
  auto client = server.http();
  stopwatch watch;
  for (int i = 0; i < 10; ++i)
    push_ok(client, "b", "x");
  expect_prompt(watch.elapsed());
}
