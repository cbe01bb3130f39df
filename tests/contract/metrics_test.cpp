// GET /metrics: it is what Prometheus reads, the counts add up, and what was done is counted.
#define CAF_SUITE metrics

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/metrics_balance.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <cstdlib>
#include <map>
#include <random>

using namespace lmq::contract;

namespace {

/// Samples by their line up to the value.
std::map<std::string, double> figures_of(http_client& client) {
  auto answer = client.request("GET", "/metrics");
  expect_status(answer, 200);
  expect_equal(answer.header("content-type").value_or("none"), "text/plain; version=0.0.4; charset=utf-8");
  std::map<std::string, double> all;
  std::istringstream lines{answer.body};
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line.front() != '#') {
      auto blank = line.rfind(' ');
      all[line.substr(0, blank)] = std::stod(line.substr(blank + 1));
    }
  return all;
}

double value(const std::map<std::string, double>& all, const std::string& name, here at = here::current()) {
  auto it = all.find(name);
  require(it != all.end(), "there is no sample " + name, at);
  return it->second;
}

void expect_balance(http_client& client, here at = here::current()) {
  auto balance = balance_of(client.request("GET", "/metrics").body);
  expect_equal(balance.came, balance.went_or_here, at);
  expect(balance.came > 0, "nothing came", at);
}

constexpr auto mortal = R"({"retry":0,"timeout":0.02,"dead_letter":"dead"})";

/// Some of everything, on a few queues. What dies of those that are `mortal` may still be on its way at the
/// end.
void do_something(http_client& client, unsigned seed, const char* properties_of_mortal = mortal) {
  std::mt19937 dice{seed};
  std::vector<std::pair<std::string, std::string>> leases;
  set_properties(client, "windows", R"({"accum":0.05})");
  set_properties(client, "short", R"({"retry":0,"timeout":0})");
  set_properties(client, "mortal", properties_of_mortal);
  const std::array<std::string, 5> names{"plain", "windows", "short", "deleted", "mortal"};
  for (int i = 0; i < 400; ++i) {
    const auto& name = names[dice() % names.size()];
    switch (dice() % 6) {
    case 0:
    case 1:
    case 2: push_ok(client, name, "a body"); break;
    case 3:
    case 4:
      if (auto got = pull(client, name); got.status == 200)
        leases.emplace_back(name, lease_of(got));
      break;
    default:
      if (!leases.empty()) {
        auto [queue, lease] = leases.back();
        leases.pop_back();
        settle(client, queue, lease, std::array{"ack", "nack", "ext"}[dice() % 3]);
      }
    }
    if (i % 150 == 149)
      client.request("DELETE", "/queues/deleted");
  }
}

} // namespace

CONTRACT("what came in is here or went and every count is told") {
  temporary_folder folder;
  limited_server server{{"--threads", "2"}, folder.path("data")};
  auto client = server.http();
  for (unsigned seed = 1; seed <= 3; ++seed) {
    do_something(client, seed);
    auto all = figures_of(client);
    expect_balance(client);
    for (const char* name :
         {"lmq_pushed_total", "lmq_joined_total", "lmq_settled_total{at=\"here\"}",
          "lmq_discarded_total{reason=\"retries\"}", "lmq_moved_total{reason=\"dead_letter\"}",
          "lmq_deleted_total", "lmq_delivered_total", "lmq_deliveries_ended_total{how=\"nack\"}",
          "lmq_deliveries_ended_total{how=\"expired\"}", "lmq_extended_total",
          "lmq_journal_sync_seconds_count", "lmq_connections"})
      expect(value(all, name) > 0, std::string{name} + " is 0");
  }
}

CONTRACT("counts begin anew with the process and what the disk gave back is received") {
  temporary_folder folder;
  auto directory = folder.path("data");
  {
    limited_server server{{}, directory};
    auto client = server.http();
    do_something(client, 9, R"({"retry":0})");
    push_ok(client, "plain", "kept");
    // Its leases run out meanwhile, and a dead letter that the next process moves is pushed there.
    expect_status(client.request("DELETE", "/queues/mortal"), 204);
  }
  limited_server server{{}, directory};
  auto client = server.http();
  auto all = figures_of(client);
  expect_equal(value(all, "lmq_pushed_total"), 0.0);
  expect(value(all, "lmq_received_total") > 0, "nothing was received");
  expect_balance(client);
  do_something(client, 10);
  expect_balance(client);
}

CONTRACT("requests are counted by route and status") {
  limited_server server{{}};
  auto client = server.http();
  push_ok(client, "q", "a");
  push_ok(client, "q", "b");
  pull(client, "q");
  expect_status(client.request("GET", "/messages/q?t=x"), 400);
  expect_status(client.request("GET", "/nowhere"), 404);
  auto rpc = server.rpc();
  rpc.call("push", {"q", "c"});
  auto all = figures_of(client);
  auto http = [&](const std::string& method, const std::string& route, const std::string& status) {
    return value(all, "lmq_http_requests_total{method=\"" + method + "\",route=\"" + route + "\",status=\"" +
                        status + "\"}");
  };
  expect_equal(http("POST", "/messages/:name", "200"), 2.0);
  expect_equal(http("GET", "/messages/:name", "200"), 1.0);
  expect_equal(http("", "", "404"), 1.0);
  expect_equal(http("", "", "400"), 1.0);
  expect_equal(value(all, "lmq_rpc_calls_total{method=\"push\",status=\"ok\"}"), 1.0);
  expect_equal(value(all, "lmq_queue_pushed_total{queue=\"q\"}"), 3.0);
}

CONTRACT("a waiting pull and the age of what is ready are told as they are") {
  limited_server server{{}};
  auto client = server.http();
  auto waiter = server.http();
  waiter.send("GET", "/messages/empty");
  push_ok(client, "q", "a");
  auto until = std::chrono::steady_clock::now() + answer_time_max;
  while (value(figures_of(client), "lmq_queue_waiters{queue=\"q\"}") != 0 ||
         figures_of(client)["lmq_queue_waiters{queue=\"empty\"}"] != 1)
    require(std::chrono::steady_clock::now() < until, "nobody waits");
  auto first = value(figures_of(client), "lmq_queue_oldest_ready_seconds{queue=\"q\"}");
  auto second = value(figures_of(client), "lmq_queue_oldest_ready_seconds{queue=\"q\"}");
  expect(first > 0 && second > first, "it does not grow older");
  push_ok(client, "empty", "b");
  expect_status(waiter.receive(), 200);
}

CONTRACT("without a label for each queue there are the sums alone") {
  limited_server server{{"--metrics-totals-only"}};
  auto client = server.http();
  push_ok(client, "q", "a");
  auto answer = client.request("GET", "/metrics");
  expect(answer.body.find("queue=\"q\"") == std::string::npos, "a queue is named");
  expect_equal(value(figures_of(client), "lmq_pushed_total"), 1.0);
}

CONTRACT("promtool has nothing to say against it") {
  if (std::system("command -v promtool >/dev/null") != 0)
    return expect(true, "the Debian package prometheus is not installed");
  limited_server server{{}};
  auto client = server.http();
  do_something(client, 4);
  push_ok(client, "say%20%22%FF%22", "a name that is no text");
  temporary_folder folder;
  auto file = folder.write("metrics", client.request("GET", "/metrics").body);
  expect_equal(std::system(("promtool check metrics <" + file + " >&2").c_str()), 0);
}
