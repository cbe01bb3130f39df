// The pace and the end of an RPC connection: limits, time, peers that are slow, a server that stops.
#define CAF_SUITE rpc_pace

#include "tests/gateway/rpc_fixture.hpp"

#include <string>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace lmq::testing;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(rpc_pace_tests, rpc_fixture)

CAF_TEST(a call that nobody answers is unavailable and the connection goes on) {
  gateway_limits limits;
  limits.answer_timeout = 1s;
  auto server = serve(limits);
  auto client = server.call();
  auto pushed = client.begin("push", {"q", 1}), pulled = client.begin("pull", {"q", 0});
  CAF_CHECK_EQUAL(client.await(pushed).error, packed{"unavailable"});
  CAF_CHECK_EQUAL(client.await(pulled).error, packed{"unavailable"});
  CAF_CHECK_EQUAL(client.call("get_default_props").result, array({}));
}

CAF_TEST(a delivery that its client does not take goes back to the queue) {
  gateway_limits limits;
  limits.write_timeout = 1s;
  running_server server{limits};
  std::string body(beyond_socket_buffers, 'x');
  CAF_REQUIRE_EQUAL(server.ask("POST", "/messages/q", body).status, 200);
  auto stuck = server.call();
  stuck.begin("pull", {"q", 0});
  auto next = server.call();
  auto pulled = next.await(next.begin("pull", {"q", 15}), testing::seconds{60});
  CAF_CHECK(in_message(pulled, "content").contents() == body);
  CAF_CHECK_EQUAL(in_message(pulled, "retry"), packed{2});
}

CAF_TEST(with as many calls as there may be the next one waits for an end) {
  gateway_limits limits;
  limits.rpc.calls_max = 3;
  running_server server{limits};
  auto client = server.call();
  std::vector<std::uint32_t> pulls;
  for (int i = 0; i < 3; ++i)
    pulls.push_back(client.begin("pull", {"q", 20}));
  auto next = client.begin("get_default_props");
  CAF_CHECK(!client.answered_within(next, 0.1s));
  server.ask("POST", "/messages/q", "x");
  CAF_CHECK_EQUAL(in_message(client.await(pulls[0]), "content"), packed{"x"});
  CAF_CHECK_EQUAL(client.await(next).result, array({}));
}

CAF_TEST(a peer that leaves is noticed also with as many calls as there may be) {
  gateway_limits limits;
  limits.rpc.calls_max = 1;
  auto server = serve(limits);
  {
    auto waiter = server.call();
    waiter.begin("pull", {"q"});
    waiter.begin("push", {"q", 1});
    CAF_REQUIRE(server.soon([&] { return !plan->pulling.empty(); }));
  }
  CAF_CHECK(server.soon([&] { return !plan->cancelled.empty(); }));
  CAF_CHECK(server.soon([&] { return !plan->pushed.empty(); })); // it was asked before the peer left
}

CAF_TEST(who sends more than is read ahead behind pulls that wait has until the idle limit) {
  gateway_limits limits;
  limits.rpc.calls_max = 1;
  limits.idle_timeout = 1s;
  running_server server{limits};
  auto client = server.call();
  client.begin("pull", {"q"});
  client.connection().send_while_open(std::string(limits.pipelined_bytes_max * 2, '\x94'));
  CAF_CHECK(client.ended_by_peer());
}

CAF_TEST(calls that come in part have a limit together beside what HTTP brings) {
  gateway_limits limits;
  limits.incoming_bytes_max = 400'000;
  running_server server{limits};
  auto large = render_call(9, "push", {"q", std::string(100'000, 'x')});
  auto begin = [&](testing::rpc_client& client) {
    client.send_raw(std::string_view{large}.substr(0, large.size() - 1));
    server.let_it_arrive();
  };
  auto first = server.call();
  begin(first);
  auto http = server.connect();
  http.send_raw("POST /messages/q HTTP/1.1\r\nhost: x\r\ncontent-length: 200001\r\n\r\n" +
                std::string(200'000, 'x'));
  server.let_it_arrive();
  auto second = server.call();
  begin(second);
  auto answer = second.receive();
  CAF_REQUIRE(answer);
  CAF_CHECK_EQUAL(answer->id, packed{9});
  CAF_CHECK_EQUAL(answer->error, packed{"unavailable"});
  CAF_CHECK(second.ended_by_peer());
  first.send_raw(std::string_view{large}.substr(large.size() - 1));
  CAF_CHECK(first.receive().value().result == packed{"ok"});
  http.send_raw("x");
  CAF_CHECK_EQUAL(http.receive().status, 200);
  for (int i = 0; i < 20; ++i) // what was read takes no room
    CAF_CHECK(first.call("push", {"q", std::string(100'000, 'x')}).result == packed{"ok"});
}

CAF_TEST(answers that nobody takes have a limit together also on one connection) {
  gateway_limits limits;
  limits.outgoing_bytes_max = beyond_socket_buffers - 100'000;
  running_server server{limits};
  auto client = server.call(), other = server.call();
  const std::string large(beyond_socket_buffers, 'x');
  for (int i = 0; i < 3; ++i)
    CAF_REQUIRE(client.call("push", {"q", large}).result == packed{"ok"});
  // In one piece: behind an answer that is not taken no further call is begun.
  client.send_raw(render_call(1, "pull", {"q", 0}) + render_call(2, "pull", {"q", 0}));
  server.let_it_arrive();
  CAF_CHECK_EQUAL(other.call("pull", {"q", 0}).error, packed{"unavailable"});
  CAF_CHECK(other.call("push", {"small", 1}).result == packed{"ok"});
  CAF_CHECK(!other.call("pull", {"small", 0}).is_error());
  auto first = client.receive(), second = client.receive();
  CAF_REQUIRE(first && second);
  CAF_CHECK(!first->is_error());
  CAF_CHECK_EQUAL(second->error, packed{"unavailable"});
  for (int i = 0; i < 2; ++i)
    CAF_CHECK(!client.call("pull", {"q", 0}).is_error());
  CAF_CHECK(is_empty(client.call("pull", {"q", 0})));
}

CAF_TEST(a frame that comes too slowly is told so) {
  gateway_limits limits;
  limits.body_timeout = 1s;
  running_server server{limits};
  auto slow = server.call(), steady = server.call();
  slow.send_raw(from_hex("94 00 07"));
  auto large = render_call(9, "push", {"q", std::string(50'000, 'x')});
  for (std::size_t at = 0; at < large.size(); at += 5'000) {
    steady.send_raw(std::string_view{large}.substr(at, 5'000));
    slow.connection().readable_within(0.25s);
  }
  auto answer = slow.receive();
  CAF_REQUIRE(answer);
  CAF_CHECK_EQUAL(answer->id, packed{7});
  CAF_CHECK_EQUAL(answer->error, packed{"request_timeout"});
  CAF_CHECK(slow.ended_by_peer());
  CAF_CHECK(steady.receive().value().result == packed{"ok"});
}

CAF_TEST(a pull that waits outlasts the idle limit and a quiet connection does not ) {
  gateway_limits limits;
  limits.idle_timeout = limits.answer_timeout = 1s;
  running_server server{limits};
  auto waiter = server.call(), quiet = server.call();
  quiet.call("get_default_props");
  auto call = waiter.begin("pull", {"q", 2.5});
  CAF_CHECK(quiet.ended_by_peer());
  CAF_CHECK(is_empty(waiter.await(call)));
}

CAF_TEST(a server that stops answers pulls that wait and closes) {
  running_server server{{}, 2};
  std::vector<rpc_client> clients;
  std::vector<std::uint32_t> pulls;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(server.call());
    pulls.push_back(clients.back().begin(i % 2 == 0 ? "pull" : "pull_any", {"q"}));
  }
  auto cut = server.call();
  cut.send_raw("\x94\1");
  // Each on its own connection: there are two threads, and a pull that is not read yet is not answered.
  for (auto& client : clients)
    CAF_CHECK_EQUAL(client.call("get_default_props").result, array({}));
  server.let_it_arrive();
  auto stopped = server.begin_stop();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    CAF_CHECK(is_empty(clients[i].await(pulls[i])));
    CAF_CHECK(clients[i].ended_by_peer());
  }
  CAF_CHECK(cut.ended_by_peer());
  CAF_CHECK(server.end_of_stop(std::move(stopped)));
}

CAF_TEST(connections of both protocols share one limit) {
  gateway_limits limits;
  limits.connections_max = 2;
  running_server server{limits};
  auto web = server.connect();
  auto one = server.call();
  CAF_CHECK_EQUAL(one.call("get_default_props").result, array({}));
  CAF_CHECK_EQUAL(web.request("OPTIONS", "*").status, 204);
  auto surplus = server.call();
  CAF_CHECK(surplus.ended_by_peer());
  CAF_CHECK_EQUAL(server.connect().receive().status, 503);
}

CAF_TEST_FIXTURE_SCOPE_END()
