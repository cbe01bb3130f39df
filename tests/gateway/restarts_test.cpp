// Parts of the broker that end while clients are at work: they are answered as if nothing had happened.
#define CAF_SUITE restarts

#include "tests/gateway/running_server.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

/// A server and the handles of its broker's parts, which it can end.
struct fixture {
  fixture() {
    server = std::make_unique<running_server>(gateway_limits{}, [this](caf::actor_system& system) {
      return doors = start_broker(system, hook_catalog::built_in());
    });
  }

  ~fixture() {
    doors = {}; // no handle may outlive the system
    server.reset();
  }

  template <class Handle>
  static void kill(const Handle& part) {
    caf::anon_send_exit(part, caf::exit_reason::kill);
  }

  /// The actor of the queue as the registry knows it.
  void kill_queue(const std::string& name) {
    caf::scoped_actor self{server->system()};
    self->request(doors.registry, patience, resolve_atom::value, name)
      .receive([](queue_ref& q) { kill(q.actor); }, [](caf::error&) { CAF_FAIL("there is no such queue"); });
  }

  std::string body_of_pull(const std::string& target) { return server->ask("GET", target).body; }

  std::unique_ptr<running_server> server;
  broker doors;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(restarts_tests, fixture)

CAF_TEST(a push and a pull by a known way find the queue that was started again) {
  auto client = server->connect();
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "a").status, 200);
  kill_queue("q");
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "b").status, 200);
  kill_queue("q");
  CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").body, "a");
  kill_queue("q");
  CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").body, "b");
}

CAF_TEST(a settle finds its lease in the queue that was started again) {
  auto client = server->connect();
  client.request("POST", "/messages/q", {}, "a");
  auto got = client.request("GET", "/messages/q?t=0");
  auto target = "/messages/q/" + got.header("x-lmq-message-id").value() + "?reply=ack";
  kill_queue("q");
  CAF_CHECK_EQUAL(client.request("POST", target).status, 204);
  CAF_CHECK_EQUAL(client.request("POST", target).status, 404);
}

CAF_TEST(a client that waits is served by the queue that was started again) {
  auto waiter = server->connect();
  waiter.send("GET", "/messages/q");
  server->let_it_arrive();
  kill_queue("q");
  CAF_CHECK_EQUAL(server->ask("POST", "/messages/q", "late").status, 200);
  CAF_CHECK_EQUAL(waiter.receive().body, "late");
}

CAF_TEST(a client that leaves after its queue was started again is forgotten) {
  std::vector<testing::http_client> waiters;
  for (int i = 0; i < 10; ++i) {
    waiters.push_back(server->connect());
    waiters.back().send("GET", "/messages/q");
  }
  server->let_it_arrive();
  kill_queue("q");
  server->ask("GET", "/stats");
  waiters.clear();
  for (int i = 0; i < 20; ++i)
    server->let_it_arrive();
  CAF_CHECK_EQUAL(server->ask("POST", "/messages/q", "a").status, 200);
  auto got = server->ask("GET", "/messages/q?t=0");
  CAF_CHECK_EQUAL(got.body, "a");
  // It went to nobody else before.
  auto stats = server->ask("GET", "/stats").body;
  CAF_CHECK(
    stats.find(
      R"("pull":{"acceleration":{"five_to_fifteen":0,"one_to_fifteen":0,"one_to_five":0},"count":1,)") !=
    stats.npos);
}

CAF_TEST(whoever waits at a queue that was started again is answered when the server stops) {
  auto waiter = server->connect();
  waiter.send("GET", "/messages/q");
  server->let_it_arrive();
  kill_queue("q");
  server->ask("GET", "/stats");
  auto began = std::chrono::steady_clock::now();
  CAF_CHECK(server->end_of_stop(server->begin_stop()));
  CAF_CHECK(std::chrono::steady_clock::now() - began < gateway_limits{}.stop_timeout);
  CAF_CHECK_EQUAL(waiter.receive().status, 204);
}

CAF_TEST(a client that waits at many queues is served after pull_any was killed) {
  server->ask("POST", "/messages/other", "x");
  auto waiter = server->connect();
  waiter.send("GET", "/messages?qre=^q");
  server->let_it_arrive();
  kill(doors.pull_any);
  CAF_CHECK_EQUAL(server->ask("POST", "/messages/q1", "late").status, 200);
  CAF_CHECK_EQUAL(waiter.receive().body, "late");
}

CAF_TEST(requests to the registry are answered by the one that was started again) {
  CAF_CHECK_EQUAL(server->ask("PATCH", "/properties/q", R"({"retry":7})").status, 204);
  kill(doors.registry);
  CAF_CHECK_EQUAL(server->ask("GET", "/properties/q").body, R"({"accum":0,"retry":7,"timeout":30})");
  CAF_CHECK_EQUAL(server->ask("PUT", "/properties", R"([["^r",{"retry":5}]])").status, 204);
  CAF_CHECK_EQUAL(server->ask("GET", "/properties/r").body, R"({"accum":0,"retry":5,"timeout":30})");
  CAF_CHECK_EQUAL(server->ask("DELETE", "/queues/q").status, 204);
}

CAF_TEST(new and old queues are found when the registry was killed) {
  server->ask("POST", "/messages/old", "a");
  kill(doors.registry);
  CAF_CHECK_EQUAL(server->ask("POST", "/messages/new", "b").status, 200);
  CAF_CHECK_EQUAL(body_of_pull("/messages/old?t=0"), "a");
  CAF_CHECK_EQUAL(body_of_pull("/messages/new?t=0"), "b");
}

CAF_TEST(pushes to many and statistics go on when fan_out was killed) {
  server->ask("POST", "/messages/q1", "a");
  kill(doors.fan_out);
  CAF_CHECK_EQUAL(server->ask("POST", "/messages?qre=^q", "b").body, R"({"q1":{"accum":"no"}})");
  CAF_CHECK_EQUAL(server->ask("GET", "/stats").status, 200);
}

CAF_TEST(the health counts what was started again) {
  server->ask("POST", "/messages/q", "a");
  kill_queue("q");
  kill(doors.registry);
  CAF_CHECK_EQUAL(body_of_pull("/messages/q?t=0"), "a");
  CAF_CHECK_EQUAL(server->ask("GET", "/properties/q").status, 200);
  auto health = server->ask("GET", "/health");
  CAF_CHECK_EQUAL(health.status, 200);
  CAF_CHECK_EQUAL(health.body, R"({"live":true,"ready":true,"reasons":[],"restarts":)"
                               R"({"connection":0,"fan_out":0,"pull_any":0,"queue":1,"registry":1}})");
}

CAF_TEST_FIXTURE_SCOPE_END()
