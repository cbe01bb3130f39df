// Every bound that a server has for its RPC clients: bytes, connections, time, memory, and its own end.
#define CAF_SUITE rpc_limits

#include "tests/contract/limited_server.hpp"
#include "tests/contract/rpc_calls.hpp"

#include <csignal>

using namespace lmq::contract;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

/// The head of a push whose content announces so many bytes.
std::string announcing(std::uint32_t bytes) {
  auto head = from_hex("94 00 07 a4 70 75 73 68 92 a1 71 c6"); // [0, 7, "push", ["q", bin32
  for (int shift = 24; shift >= 0; shift -= 8)
    head += static_cast<char>(bytes >> shift);
  return head;
}

void expect_refused_and_closed(rpc_client& client, std::string_view why = "body_too_large",
                               here at = here::current()) {
  auto answer = client.receive();
  require(answer.has_value(), "closed without a reason", at);
  expect_error(*answer, why, at);
  expect(client.ended_by_peer(), "still open", at);
}

} // namespace

CONTRACT("a call over --body-bytes-max is refused and ends its connection, one below it is taken") {
  limited_server server{{"--body-bytes-max", "10000"}};
  auto client = server.rpc();
  push_ok(client, "q", bin(std::string(9'000, 'x')));
  client.begin("push", {"q", bin(std::string(10'001, 'x'))});
  expect_refused_and_closed(client);
  auto other = server.rpc();
  expect_equal(pull_ok(other, "q").content, bin(std::string(9'000, 'x')));
  expect_empty(other.call("pull", {"q", 0}));
}

CONTRACT("a call of many small values over --body-bytes-max is refused as well") {
  limited_server server{{"--body-bytes-max", "10000"}};
  auto client = server.rpc();
  client.begin("push", {"q", array(std::vector<packed>(20'000, 1))});
  expect_refused_and_closed(client);
}

CONTRACT("a call that never ends is refused at the limit") {
  limited_server server{{"--body-bytes-max", "10000"}};
  auto client = server.rpc();
  client.send_raw(from_hex("94 00 07 a4") + "push" + from_hex("dc ff ff"));
  client.connection().send_while_open(std::string(60'000, '\x01'));
  expect_refused_and_closed(client);
}

CONTRACT("the default limit is 64 MiB") {
  limited_server server{{}};
  auto client = server.rpc();
  client.send_raw(announcing(64 * mebibyte + 1));
  expect_refused_and_closed(client);
  auto other = server.rpc();
  other.send_raw(announcing(64 * mebibyte - 1000));
  expect(!other.connection().readable_within(seconds{0.2}), "refused");
}

CONTRACT("lengths that are announced take no memory before their bytes come") {
  limited_server server{{}};
  auto warm = server.rpc();
  push_ok(warm, "warm", 1);
  auto before = server.resident_bytes();
  std::vector<rpc_client> announcers;
  for (int i = 0; i < 50; ++i) {
    announcers.push_back(server.rpc());
    announcers.back().send_raw(announcing(60 * mebibyte) + "first bytes");
  }
  std::vector<rpc_client> liars;
  for (int i = 0; i < 50; ++i) {
    liars.push_back(server.rpc());
    liars.back().send_raw(from_hex(i % 2 == 0 ? "94 00 07 db ff ff ff ff" : "dd ff ff ff ff"));
    expect_refused_and_closed(liars.back());
  }
  expect_ok(warm.call("push", {"warm", 1}));
  auto after = server.resident_bytes();
  expect(after < before + 32 * mebibyte,
         "grew from " + std::to_string(before) + " to " + std::to_string(after));
}

CONTRACT("nesting takes no memory of its own") {
  limited_server server{{}};
  auto warm = server.rpc();
  push_ok(warm, "warm", 1);
  auto before = server.resident_bytes();
  for (int i = 0; i < 20; ++i) {
    auto client = server.rpc();
    client.connection().send_while_open(std::string(4 * mebibyte, '\x91'));
    client.ended_by_peer();
  }
  expect_ok(warm.call("push", {"warm", 1}));
  auto after = server.resident_bytes();
  expect(after < before + 32 * mebibyte,
         "grew from " + std::to_string(before) + " to " + std::to_string(after));
}

CONTRACT("a call that does not come within the body's time ends its connection") {
  limited_server server{{"--header-timeout", "0.3", "--body-timeout", "0.3"}};
  for (auto& begun : {std::string{"\x94"}, announcing(100) + "half"}) {
    auto client = server.rpc();
    stopwatch watch;
    client.send_raw(begun);
    expect_refused_and_closed(client, "request_timeout");
    expect_took(watch.elapsed(), seconds{0.3});
  }
  auto other = server.rpc();
  expect_empty(other.call("pull", {"q", 0}));
}

CONTRACT("a connection idle for --idle-timeout is closed without a word, one that waits is not") {
  limited_server server{{"--idle-timeout", "0.3", "--header-timeout", "0.3", "--body-timeout", "0.3"}};
  auto idle = server.rpc();
  expect_empty(idle.call("pull", {"q", 0}));
  auto waiting = server.rpc();
  auto call = waiting.begin("pull", {"q", 1});
  stopwatch watch;
  expect(idle.ended_by_peer(), "still open");
  expect_took(watch.elapsed() + seconds{0.05}, seconds{0.3});
  expect_empty(waiting.await(call));
  expect_empty(waiting.call("pull", {"q", 0}));
}

CONTRACT("a connection over --connections-max is closed, the others stay") {
  limited_server server{{"--connections-max", "3"}};
  std::vector<rpc_client> allowed;
  for (int i = 0; i < 3; ++i) {
    allowed.push_back(server.rpc());
    expect_empty(allowed.back().call("pull", {"q", 0}));
  }
  auto surplus = server.rpc();
  surplus.connection().send_while_open(render_call(1, "pull", {"q", 0}));
  expect(surplus.ended_by_peer(), "served");
  for (auto& client : allowed)
    expect_empty(client.call("pull", {"q", 0}));
}

CONTRACT("properties and rules of over 1 MiB are over_limit, and the connection stays") {
  limited_server server{{}};
  auto client = server.rpc();
  std::string large(mebibyte, 'x');
  expect_error(client.call("set_default_props", {array({array({large, map({})})})}), "over_limit");
  expect_error(client.call("update_props", {"q", map({{large, 1}})}), "over_limit");
  expect_result(client.call("get_default_props"), array({}));
}

CONTRACT("with 1024 calls under way on a connection the next one waits for an end") {
  limited_server server{{}};
  auto client = server.rpc();
  auto pusher = server.rpc();
  std::string calls;
  for (std::uint32_t i = 0; i < 1024; ++i)
    calls += render_call(i, "pull", {"q", 30});
  client.send_raw(calls + render_call(1024, "get_default_props", {}));
  let_it_arrive(server.process());
  expect(!client.connection().readable_within(seconds{0.2}), "one call too many was begun");
  push_ok(pusher, "q", "x");
  expect_equal(client.receive().value().id, packed{0});
  expect_equal(client.receive().value().id, packed{1024});
}

CONTRACT("SIGTERM answers waiting pulls with empty, then closes") {
  server_process process;
  rpc_client client{process.rpc_port()};
  rpc_client idle{process.rpc_port()};
  auto by_name = client.begin("pull", {"q"});
  auto by_pattern = client.begin("pull_any", {"."});
  let_it_arrive(process);
  process.process().signal(SIGTERM);
  expect_empty(client.await(by_name));
  expect_empty(client.await(by_pattern));
  expect(client.ended_by_peer() && idle.ended_by_peer(), "still open");
  expect(process.process().wait(seconds{5}) == 0, "did not end well: " + process.process().standard_error());
}

CONTRACT("several threads serve as well as one") {
  limited_server server{{"--threads", "4"}};
  std::vector<rpc_client> clients;
  for (int i = 0; i < 16; ++i)
    clients.push_back(server.rpc());
  auto waiting = clients[0].begin("pull", {"last", 20});
  for (int round = 0; round < 20; ++round)
    for (std::size_t i = 0; i < clients.size(); ++i) {
      push_ok(clients[i], "q", round);
      auto message = pull_ok(clients[(i + 7) % clients.size()], "q");
      expect_equal(message.content, packed{round});
      expect_ok(clients[(i + 3) % clients.size()].call("done", {"q", message.id}));
    }
  push_ok(clients[5], "last", "x");
  expect(message_in(clients[0].await(waiting)).has_value(), "no message");
}
