// What fits into --memory-limit, and what becomes of pushes beyond it, on a server without a disk and on one
// with. (Bodies that are put away to the disk, and how many messages fit beside them: durability.)
#define CAF_SUITE memory_limit

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;

namespace {

/// Beside each of them little is kept: some hundred fit into a mebibyte.
const std::string large_body(10'000, 'x');
constexpr int fit_min = 80, fit_max = 110;

/// More than any of the servers here takes in.
constexpr int pushes_max = 20'000;

struct filled {
  int taken_in = 0;
  http_response refused;
};

filled fill(http_client& client, std::string_view queue, std::string_view body) {
  filled so_far;
  for (; so_far.taken_in < pushes_max; ++so_far.taken_in)
    if ((so_far.refused = push(client, queue, body)).status != 200)
      break;
  expect_refused(so_far.refused, 507, "no_space");
  return so_far;
}

void expect_between(int found, int least, int most, here at = here::current()) {
  expect(found >= least && found <= most, std::to_string(found) + " were taken in", at);
}

void acknowledge(http_client& client, std::string_view queue, int n) {
  for (; n > 0; --n)
    expect_status(settle(client, queue, lease_of(pull_ok(client, queue)), "ack"), 204);
}

nlohmann::json health(http_client& client) {
  auto answer = client.request("GET", "/health");
  expect_status(answer, 200);
  return nlohmann::json::parse(answer.body);
}

} // namespace

CONTRACT("without a disk pushes beyond --memory-limit are refused over HTTP and RPC, until some is gone") {
  limited_server server{{"--memory-limit", "1MiB"}};
  auto client = server.http();
  auto caller = server.rpc();
  push_ok(caller, "called", "x");
  auto full = fill(client, "q", large_body);
  expect_between(full.taken_in, fit_min, fit_max);
  expect_equal(header_of(full.refused, "retry-after"), "1");
  expect(full.refused.body.find("--memory-limit") != std::string::npos, "not named: " + full.refused.body);
  expect_refused(push(client, "another", "x"), 507, "no_space");
  expect_refused(client.request("POST", "/messages?qre=q", {}, "x"), 507, "no_space");
  expect_error(caller.call("push", {"q", "x"}), "over_limit");
  expect_error(caller.call("push_all", {"q", "x"}), "over_limit");
  auto told = health(client);
  expect(told["ready"] == true && told["reasons"].size() == 1 &&
           told["reasons"][0].get<std::string>().find("--memory-limit") != std::string::npos,
         told.dump());
  // Pulls and settles go on, and make room.
  expect_ok(caller.call("done", {"called", pull_ok(caller, "called").id}));
  acknowledge(client, "q", 1);
  expect_refused(push(client, "q", "x"), 507, "no_space");
  acknowledge(client, "q", full.taken_in / 5);
  push_ok(client, "q", large_body);
  push_ok(caller, "called", "x");
  told = health(client);
  expect(told["reasons"].empty(), told.dump());
}

CONTRACT("without a disk small messages count with what is kept beside them") {
  limited_server server{{"--memory-limit", "1MiB"}};
  auto client = server.http();
  expect_between(fill(client, "q", "").taken_in, 2'000, 7'000);
}

CONTRACT("without a disk a queue that is deleted or purged makes room for others") {
  limited_server server{{"--memory-limit", "1MiB"}};
  auto client = server.http();
  fill(client, "q", large_body);
  expect_status(client.request("DELETE", "/queues/q"), 204);
  expect_nothing(pull(client, "q")); // what the old one held is gone when a new one answers
  expect_between(fill(client, "q", large_body).taken_in, fit_min, fit_max);
  expect_status(client.request("POST", "/queues/q/purge"), 200);
  push_ok(client, "other", large_body);
}

CONTRACT("without a disk a flood of calls on one connection goes little beyond --memory-limit") {
  limited_server server{{"--memory-limit", "1MiB"}};
  auto caller = server.rpc();
  std::vector<std::uint32_t> calls;
  for (int i = 0; i < 1'000; ++i)
    calls.push_back(caller.begin("push", {"q", bin(large_body)}));
  int taken_in = 0;
  for (auto id : calls) {
    auto answer = caller.await(id);
    if (answer.is_error())
      expect_error(answer, "over_limit");
    else
      ++taken_in;
  }
  expect_between(taken_in, fit_min, 2 * fit_max);
}

CONTRACT("without a disk what dies beyond --memory-limit still goes to its queue of dead letters") {
  limited_server server{{"--memory-limit", "1MiB"}};
  auto client = server.http();
  set_properties(client, "q", R"({"retry":0,"dead_letter":"dead"})");
  auto there = fill(client, "q", large_body).taken_in;
  for (int i = 0; i < there; ++i)
    expect_status(settle(client, "q", lease_of(pull_ok(client, "q")), "nack"), 204);
  for (int i = 0; i < there; ++i)
    expect_status(settle(client, "dead", lease_of(pull_ok(client, "dead", "t=10")), "ack"), 204);
  push_ok(client, "q", large_body);
}

CONTRACT("parts of open windows count against --memory-limit, without a disk and with one") {
  lmq::testing::temporary_folder folder;
  for (const auto& data_dir : {std::string{}, folder.path("data")}) {
    limited_server server{{"--memory-limit", "1MiB"}, data_dir};
    auto client = server.http();
    set_properties(client, "q", R"({"accum":60})");
    expect_between(fill(client, "q", large_body).taken_in, fit_min, fit_max);
    expect_status(client.request("DELETE", "/queues/q"), 204);
    expect_nothing(pull(client, "q"));
    push_ok(client, "q", large_body);
  }
}
