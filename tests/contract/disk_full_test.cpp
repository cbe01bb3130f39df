// A disk that is really full, small and of the test's own. Skipped where a test may not mount one.
#define CAF_SUITE disk_full

#include "tests/contract/requests.hpp"
#include "tests/contract/small_disk.hpp"

#include <set>
#include <thread>

using namespace lmq::contract;
using lmq::testing::child_process;

namespace {

constexpr int storage_exit_code = 4;
constexpr seconds room_comes_back_within{60.0};

std::set<std::string> drain(http_client& client) {
  std::set<std::string> names;
  for (;;) {
    auto got = pull(client, "q");
    if (got.status == 204)
      return names;
    require(got.status == 200, "pull was answered " + got.raw);
    expect(names.insert(got.body.substr(0, got.body.find(' '))).second, "a message came twice");
  }
}

/// Pushes over many connections until each has been answered 507; the names of those that were answered 200.
std::set<std::string> fill(const server_process& server, const std::string& prefix, std::size_t body_bytes) {
  constexpr int connections = 8;
  std::vector<http_client> clients;
  for (int i = 0; i < connections; ++i)
    clients.emplace_back(server.http_port());
  std::set<std::string> taken;
  std::vector<std::string> sent(connections);
  std::set<int> open;
  auto send = [&](int i, int round) {
    sent[i] = prefix + std::to_string(i) + "-" + std::to_string(round);
    clients[i].send("POST", "/messages/q", {}, sent[i] + " " + std::string(body_bytes, 'x'));
  };
  for (int i = 0; i < connections; ++i) {
    open.insert(i);
    send(i, 0);
  }
  for (int round = 1; !open.empty(); ++round)
    for (auto it = open.begin(); it != open.end();) {
      auto answer = clients[*it].receive();
      if (answer.status == 200) {
        taken.insert(sent[*it]);
        send(*it++, round);
        continue;
      }
      expect_refused(answer, 507, "no_space");
      it = open.erase(it);
    }
  return taken;
}

void expect_pushes_again(http_client& client, std::string_view name) {
  time_limit limit{room_comes_back_within};
  http_response answer;
  while ((answer = push(client, "q", name)).status == 507) {
    require(!limit.passed(), "no push for too long: " + answer.raw);
    std::this_thread::sleep_for(std::chrono::milliseconds{50}); // the disk has no event to wait for
  }
  expect_status(answer, 200);
}

void acknowledge(http_client& client, std::set<std::string>& there, std::size_t n) {
  for (; n > 0; --n) {
    auto got = pull_ok(client, "q");
    expect_status(settle(client, "q", lease_of(got), "ack"), 204);
    expect_equal(there.erase(got.body.substr(0, got.body.find(' '))), 1u);
  }
}

} // namespace

CONTRACT("on a full disk pushes get 507, pulls and acks go on, and pushes are taken again by themselves") {
  small_disk disk{"32m"};
  if (!disk.mounted())
    return;
  for (std::size_t body_bytes : {3000UL, 20'000UL}) {
    auto options = server_options{.data_dir = disk.path("data" + std::to_string(body_bytes))};
    auto server = std::make_unique<server_process>(options);
    std::set<std::string> there;
    for (int round = 0; round < 3; ++round) {
      auto more = fill(*server, std::to_string(round) + "-", body_bytes);
      there.insert(more.begin(), more.end());
      expect(!more.empty() && server->running(), "nothing was taken");
      http_client client{server->http_port()};
      acknowledge(client, there, round == 1 ? there.size() : there.size() * 9 / 10);
      auto name = "again-" + std::to_string(round);
      expect_pushes_again(client, name);
      there.insert(name);
      // The second time it is killed when it is full.
      if (round == 1) {
        auto last = fill(*server, "last-", body_bytes);
        there.insert(last.begin(), last.end());
      }
      server->kill();
      server = std::make_unique<server_process>(options);
    }
    http_client client{server->http_port()};
    auto found = drain(client);
    expect(found == there,
           "found " + std::to_string(found.size()) + " messages of " + std::to_string(there.size()));
    server->kill();
    disk.clear();
  }
}

CONTRACT("large bodies that come at once take no more of the disk than there is, whenever they began") {
  constexpr int many = 24;
  constexpr std::size_t large = 3'000'000;
  small_disk disk{"96m"};
  if (!disk.mounted())
    return;
  server_process server{{.data_dir = disk.path("data")}};
  std::vector<http_client> held_back;
  for (int i = 10; i < 10 + many; ++i) {
    auto all = render_request("POST", "/messages/q", {}, std::to_string(i) + " " + std::string(large, 'x'));
    all.pop_back();
    held_back.emplace_back(server.http_port()).send_raw(all);
  }
  auto there = fill(server, "f", large);
  for (auto& one : held_back)
    one.send_raw("x");
  for (int i = 10; i < 10 + many; ++i) {
    auto answer = held_back[static_cast<std::size_t>(i) - 10].receive();
    if (answer.status == 200)
      there.insert(std::to_string(i));
    else
      expect_refused(answer, 507, "no_space");
  }
  expect(server.running(), "it has ended");
  http_client client{server.http_port()};
  expect(drain(client) == there, "not all that was answered is there, or more");
}

CONTRACT("a push to many queues reaches as many as there is room for on the disk") {
  constexpr int many = 60;
  small_disk disk{"96m"};
  if (!disk.mounted())
    return;
  server_process server{{.data_dir = disk.path("data")}};
  http_client client{server.http_port()};
  for (int i = 0; i < many; ++i)
    set_properties(client, "q" + std::to_string(i), R"({"retry":1})");
  auto answer = client.request("POST", "/messages?qre=^q", {}, std::string(3'000'000, 'x'));
  expect_status(answer, 200);
  auto reached = nlohmann::json::parse(answer.body);
  expect(!reached.empty() && reached.size() < many, std::to_string(reached.size()) + " were reached");
  expect(server.running(), "it has ended");
  for (int i = 0; i < many; ++i) {
    auto name = "q" + std::to_string(i);
    expect_status(pull(client, name), reached.contains(name) ? 200 : 204);
  }
}

CONTRACT(
  "what dies on a full disk goes to its queue of dead letters, where it can be pulled and makes room") {
  small_disk disk{"48m"};
  if (!disk.mounted())
    return;
  server_process server{{.data_dir = disk.path("data")}};
  http_client client{server.http_port()};
  set_properties(client, "q", R"({"retry":0,"dead_letter":"dead"})");
  auto there = fill(server, "", 3000);
  for (std::size_t n = there.size(); n > 0; --n) {
    auto got = pull_ok(client, "q");
    expect_status(settle(client, "q", lease_of(got), "nack"), 204);
  }
  time_limit limit{room_comes_back_within};
  while (!there.empty()) {
    auto got = pull(client, "dead", "t=5");
    require(!limit.passed(), std::to_string(there.size()) + " dead letters have not come");
    if (got.status == 204)
      continue;
    expect_status(settle(client, "dead", lease_of(got), "ack"), 204);
    expect(there.erase(got.body.substr(0, got.body.find(' '))) == 1, "came twice, or was not answered");
  }
  expect_pushes_again(client, "again");
}

CONTRACT("a disk that others have filled lets messages be pulled and acknowledged still") {
  small_disk disk{"64m"};
  if (!disk.mounted())
    return;
  server_process server{{.data_dir = disk.path("data")}};
  http_client client{server.http_port()};
  std::set<std::string> there;
  for (int i = 0; i < 1000; ++i) {
    auto name = std::to_string(i);
    push_ok(client, "q", name + " " + std::string(2000, 'x'));
    there.insert(name);
  }
  disk.fill("others");
  acknowledge(client, there, 500);
  expect_refused(push(client, "q", "x"), 507, "no_space");
  acknowledge(client, there, 400);
  disk.remove("others");
  expect_pushes_again(client, "again");
  there.insert("again");
  server.kill();
  server_process next{{.data_dir = disk.path("data")}};
  http_client after{next.http_port()};
  expect(drain(after) == there, "other messages than those that were not acknowledged");
}

CONTRACT("a start on a disk without room is refused with a sentence and exit code 4, and loses nothing") {
  small_disk disk{"32m"};
  if (!disk.mounted())
    return;
  std::set<std::string> there;
  server_options options{.data_dir = disk.path("data")};
  {
    server_process server{options};
    there = fill(server, "", 1000);
    server.kill();
  }
  disk.remove("data/lmq.ballast");
  disk.fill("others");
  options.http_port = lmq::testing::free_port();
  options.rpc_port = lmq::testing::free_port();
  child_process refused{{.program = lmq::testing::program_path(), .arguments = serve_arguments(options)}};
  expect_equal(refused.wait().value_or(-1), storage_exit_code);
  auto words = refused.standard_error();
  expect(words.find(options.data_dir + " is full") != std::string::npos &&
           words.find("make room") != std::string::npos,
         "it says: " + words);
  disk.remove("others");
  server_process server{options};
  http_client client{server.http_port()};
  expect(drain(client) == there, "other messages than before");
}
