// GET /health, and the revival of queues, as long as nothing breaks. What crashes look like is told by
// chaos.seed_* and the actors' tests.
#define CAF_SUITE health

#include "tests/contract/requests.hpp"

using namespace lmq::contract;

CONTRACT("a node that is well is live and ready and has no reasons") {
  auto client = http();
  auto answer = client.request("GET", "/health");
  expect_status(answer, 200);
  expect_equal(answer.header("content-type").value_or("none"), "application/json");
  expect_equal(answer.body, R"({"live":true,"ready":true,"reasons":[],"restarts":)"
                            R"({"connection":0,"fan_out":0,"pull_any":0,"queue":0,"registry":0}})");
}

CONTRACT("to revive a queue that is up changes nothing") {
  auto client = http();
  auto name = fresh_name();
  expect_status(client.request("POST", "/messages/" + name, {}, "a"), 200);
  expect_status(client.request("POST", "/queues/" + name + "/revive"), 204);
  expect_equal(client.request("GET", "/messages/" + name + "?t=0").body, "a");
}

CONTRACT("to revive a queue that does not exist is 404 and creates none") {
  auto client = http();
  auto name = fresh_name();
  expect_refused(client.request("POST", "/queues/" + name + "/revive"), 404, "no_such_queue");
  expect_refused(client.request("DELETE", "/queues/" + name), 404, "no_such_queue");
}

CONTRACT("other words behind a queue are no routes and other methods have an allow") {
  auto client = http();
  expect_refused(client.request("POST", "/queues/q/revived"), 404, "no_such_route");
  expect_refused(client.request("GET", "/queues/q/revive"), 405, "method_not_allowed");
  expect_equal(client.request("GET", "/queues/q/revive").header("allow").value_or("none"), "POST, OPTIONS");
  expect_status(client.request("HEAD", "/health"), 200);
}

CONTRACT("a queue shows its restarts and that it is not down") {
  auto client = http();
  auto name = fresh_name();
  expect_status(client.request("POST", "/messages/" + name, {}, "a"), 200);
  auto stats = parse_json(client.request("GET", "/stats").body);
  auto& queue = stats["queues"][name];
  expect_equal(queue.value("restarts", -1), 0);
  expect(queue["down"] == false, "it is down");
}
