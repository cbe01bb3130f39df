// What a gateway does when the broker's part of an exchange goes wrong.
#define CAF_SUITE exchange

#include "tests/gateway/fake_broker.hpp"
#include "tests/gateway/running_server.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

const lease_id lease{{1, 2}, 3};

struct fixture {
  std::shared_ptr<script> plan = std::make_shared<script>();

  /// Queues that are at their end as soon as they are found, or that follow the plan.
  running_server serve(bool dead_queues = false) const {
    gateway_limits limits;
    limits.answer_timeout = 1s;
    return running_server{limits, [&](caf::actor_system& system) {
                            return broker{{}, system.spawn<fake_registry>(plan, dead_queues), {}, {}};
                          }};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(exchange_tests, fixture)

CAF_TEST(what nobody answers is unavailable and the connection goes on) {
  auto server = serve();
  auto client = server.connect();
  for (auto* method : {"POST", "GET"}) {
    auto answer = client.request(method, "/messages/q?t=0");
    CAF_CHECK_EQUAL(answer.status, 503);
    CAF_CHECK(answer.body.starts_with(R"({"error":"unavailable",)"));
  }
  CAF_CHECK_EQUAL(client.request("GET", "/openapi.json").status, 200);
}

CAF_TEST(a delivery that comes after its answer goes back to its queue) {
  std::optional<caf::typed_response_promise<pulled>> late;
  plan->on_pull = [&](fake_queue& q) { late = q.pull; };
  plan->on_push = [&](fake_queue& q) {
    late->deliver(some_delivery(lease, "x"));
    q.push->deliver(push_outcome::stored);
  };
  auto server = serve();
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q?t=0").status, 503);
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", "y").status, 200);
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
  CAF_CHECK(plan->given_back == std::vector{lease});
  late.reset();
}

CAF_TEST(a delivery to a client that has just gone goes back to its queue) {
  std::optional<caf::typed_response_promise<pulled>> late;
  plan->on_pull = [&](fake_queue& q) { late = q.pull; };
  plan->on_push = [&](fake_queue& q) {
    late->deliver(some_delivery(lease, "x"));
    q.push->deliver(push_outcome::stored);
  };
  auto server = serve();
  {
    auto waiter = server.connect();
    waiter.send("GET", "/messages/q");
    server.let_it_arrive();
  }
  CAF_CHECK(server.soon([&] { return !plan->cancelled.empty(); }));
  CAF_CHECK(plan->cancelled == plan->pulling);
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", "y").status, 200);
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
  late.reset();
}

CAF_TEST(a request that comes back is sent again but not for ever) {
  auto server = serve(true);
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", "x").status, 503);
  CAF_CHECK_EQUAL(plan->resolved, 1 + gateway_limits{}.resends_max);
}

CAF_TEST(a queue that has ended is looked for again by the next push) {
  plan->on_push = [&](fake_queue& q) {
    q.push->deliver(push_outcome::stored);
    q.quit();
  };
  auto server = serve();
  auto client = server.connect();
  for (int i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "x").status, 200);
  CAF_CHECK_EQUAL(plan->resolved, 3u);
  CAF_REQUIRE_EQUAL(plan->pushed.size(), 3u);
  CAF_CHECK(plan->pushed[0] < plan->pushed[1] && plan->pushed[1] < plan->pushed[2]);
}

CAF_TEST(a push whose queue dies over it is unavailable and is not sent again) {
  plan->on_push = [&](fake_queue& q) { q.push->deliver(caf::make_error(caf::sec::runtime_error)); };
  auto server = serve();
  CAF_CHECK_EQUAL(server.ask("POST", "/messages/q", "x").status, 503);
  CAF_CHECK_EQUAL(plan->pushed.size(), 1u);
}

CAF_TEST(a pull whose queue dies waits on at the next one in its old place) {
  plan->on_pull = [&](fake_queue& q) {
    if (plan->pulling.size() < 3)
      q.pull->deliver(caf::make_error(caf::sec::request_receiver_down));
    else
      q.pull->deliver(some_delivery(lease, "x"));
  };
  auto server = serve();
  CAF_CHECK_EQUAL(server.ask("GET", "/messages/q").body, "x");
  CAF_CHECK_EQUAL(plan->resolved, 3u);
  CAF_CHECK(plan->pulling[0] == plan->pulling[1] && plan->pulling[1] == plan->pulling[2]);
}

CAF_TEST_FIXTURE_SCOPE_END()
