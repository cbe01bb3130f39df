// GET /stats: its shape and its sums.
#define CAF_SUITE stats

#include "tests/contract/requests.hpp"

#include <initializer_list>
#include <set>

using namespace lmq::contract;
using json = nlohmann::ordered_json;

namespace {

void expect_keys(const json& object, const std::set<std::string>& wanted, here at = here::current()) {
  require(object.is_object(), "not an object: " + object.dump(), at);
  std::set<std::string> found;
  for (auto& [key, value] : object.items())
    found.insert(key);
  expect(found == wanted, "other keys: " + object.dump(), at);
}

void expect_numbers(const json& object, std::initializer_list<const char*> keys, here at = here::current()) {
  for (auto* key : keys)
    expect(object.contains(key) && object[key].is_number(), std::string("no number: ") + key, at);
}

json stats_of(http_client& client, const std::string& name, here at = here::current()) {
  auto all = stats(client, at);
  require(all["queues"].contains(name), "no stats of " + name, at);
  return all["queues"][name];
}

void expect_meter(const json& meter) {
  expect_keys(meter, {"count", "one", "five", "fifteen", "day", "mean", "acceleration"});
  expect(meter["count"].is_number_integer(), "count is no integer");
  expect_numbers(meter, {"one", "five", "fifteen", "day", "mean"});
  expect_keys(meter["acceleration"], {"one_to_five", "five_to_fifteen", "one_to_fifteen"});
  expect_numbers(meter["acceleration"], {"one_to_five", "five_to_fifteen", "one_to_fifteen"});
}

void expect_distribution(const json& retention) {
  expect_keys(retention,
              {"min", "max", "arithmetic_mean", "geometric_mean", "harmonic_mean", "median", "variance",
               "standard_deviation", "skewness", "kurtosis", "percentile", "histogram", "n"});
  expect_numbers(retention, {"min", "max", "arithmetic_mean", "geometric_mean", "harmonic_mean", "median",
                             "variance", "standard_deviation", "skewness", "kurtosis"});
  expect(retention["n"].is_number_integer(), "n is no integer");
  expect_keys(retention["percentile"], {"50", "75", "90", "95", "99", "999"});
  expect_numbers(retention["percentile"], {"50", "75", "90", "95", "99", "999"});
  require(retention["histogram"].is_array(), "histogram is no list");
  for (auto& bar : retention["histogram"]) {
    expect_keys(bar, {"bin", "count"});
    expect(bar["bin"].is_number() && bar["count"].is_number_integer(), "not a bar: " + bar.dump());
  }
}

} // namespace

CONTRACT("a fresh server has no queues but an empty object of them, and one node") {
  server_process fresh;
  http_client client{fresh.http_port()};
  auto answer = client.request("GET", "/stats");
  expect_status(answer, 200);
  expect_equal(answer.header("content-type").value_or("none"), "application/json");
  expect(is_compact_json(answer.body), "blanks");
  auto all = parse_json(answer.body);
  expect_keys(all, {"active_nodes", "all_nodes", "queues"});
  expect(all["queues"] == json::object(), "queues: " + all["queues"].dump());
  expect(all["all_nodes"].is_array() && all["all_nodes"].size() == 1 && all["all_nodes"][0].is_string(),
         "all_nodes: " + all["all_nodes"].dump());
  expect(all["active_nodes"] == all["all_nodes"], "active_nodes: " + all["active_nodes"].dump());
  expect(fresh.stop() == 0, "ended badly");
}

CONTRACT("a queue's stats have every key, with numbers where numbers belong, before its first message") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(pull(client, name));
  auto queue = stats_of(client, name);
  expect_keys(queue, {"size", "memory", "nodes", "props", "stats", "restarts", "down"});
  expect(queue["restarts"] == 0 && queue["down"] == false, "a fresh queue was restarted or is down");
  expect_keys(queue["stats"], {"push", "pull", "retention"});
  expect_meter(queue["stats"]["push"]);
  expect_meter(queue["stats"]["pull"]);
  expect_distribution(queue["stats"]["retention"]);
  expect_equal(queue["stats"]["push"]["count"].get<int>(), 0);
  expect_equal(queue["stats"]["retention"]["n"].get<int>(), 0);
}

CONTRACT("a queue's stats have every key after messages went through") {
  auto client = http();
  auto name = fresh_name();
  for (int i = 0; i < 20; ++i) {
    push_ok(client, name, "x");
    pull_ok(client, name);
  }
  auto queue = stats_of(client, name);
  expect_meter(queue["stats"]["push"]);
  expect_meter(queue["stats"]["pull"]);
  expect_distribution(queue["stats"]["retention"]);
}

CONTRACT("size counts what is ready, leased and accumulating, a window once") {
  auto client = http();
  auto name = fresh_name();
  auto size = [&] { return stats_of(client, name)["size"]; };
  for (int i = 0; i < 3; ++i)
    push_ok(client, name, "x");
  auto lease = lease_of(pull_ok(client, name));
  set_properties(client, name, R"({"accum":30})");
  push_ok(client, name, "x");
  push_ok(client, name, "x");
  expect(size().is_number_integer(), "size is no integer");
  expect_equal(size().get<int>(), 4);
  expect_nothing(settle(client, name, lease, "ack"));
  expect_equal(size().get<int>(), 3);
}

CONTRACT("memory is an integer that grows and shrinks with the bodies") {
  auto client = http();
  auto name = fresh_name();
  expect_nothing(pull(client, name));
  auto memory = [&] { return stats_of(client, name)["memory"]; };
  expect(memory().is_number_integer(), "memory is no integer");
  auto empty = memory().get<long>();
  push_ok(client, name, std::string(100'000, 'x'));
  expect(memory().get<long>() >= empty + 100'000, "a body that takes no memory");
  expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "ack"));
  expect(memory().get<long>() < empty + 100'000, "memory that is never given back");
}

CONTRACT("push counts messages that came, pull those that were delivered") {
  auto client = http();
  auto name = fresh_name();
  for (int i = 0; i < 3; ++i)
    push_ok(client, name, "x");
  for (int i = 0; i < 2; ++i)
    expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "ack"));
  auto queue = stats_of(client, name)["stats"];
  expect_equal(queue["push"]["count"].get<int>(), 3);
  expect_equal(queue["pull"]["count"].get<int>(), 2);
  expect_equal(queue["retention"]["n"].get<int>(), 2);
}

CONTRACT("retention is the time in seconds from ready to delivered") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_nothing(pull(client, fresh_name(), "t=0.3"));
  pull_ok(client, name);
  auto retention = stats_of(client, name)["stats"]["retention"];
  for (auto* key : {"min", "max", "arithmetic_mean", "median"})
    expect_took(seconds{retention[key].get<double>()}, seconds{0.3});
}

CONTRACT("props are what GET /properties/:name says") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name,
                 R"({"retry":7,"hooks":{"pre_http_push":[["lmq_hook_preserve_header",["x-a"]]]}})");
  expect_equal(stats_of(client, name)["props"].dump(), properties_text(client, name));
}

CONTRACT("a queue's nodes are names out of all_nodes") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  auto all = stats(client);
  expect(all["queues"][name]["nodes"] == all["all_nodes"], "nodes: " + all["queues"][name]["nodes"].dump());
}

CONTRACT("a deleted queue leaves the stats") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_nothing(client.request("DELETE", "/queues/" + name));
  expect(!queue_exists(client, name), "still there");
}

CONTRACT("stats are JSON whatever bytes a name has") {
  auto client = http();
  auto name = fresh_name();
  for (auto* odd : {"%22", "%5C", "%FF", "%C3%BC", "%C3", "%3C%2Fscript%3E"})
    push_ok(client, name + odd, "x");
  auto queues = stats(client)["queues"];
  expect(queues.contains(name + "\""), "no quote");
  expect(queues.contains(name + "\\"), "no backslash");
  expect(queues.contains(name + "\xC3\xBC"), "no UTF-8");
}

CONTRACT("nodes are named by --name") {
  server_process named{{.arguments = {"--name", "node-of-this-test"}}};
  http_client client{named.http_port()};
  expect_equal(stats(client)["all_nodes"].dump(), R"(["node-of-this-test"])");
  expect(named.stop() == 0, "ended badly");
}
