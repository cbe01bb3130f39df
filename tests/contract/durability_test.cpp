// A server with a data directory: whatever it has answered is there after a kill.
#define CAF_SUITE durability

#include "tests/contract/compound.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;

namespace {

/// A server that is killed and started again on what it has left.
class durable {
public:
  explicit durable(std::vector<std::string> arguments = {}) : arguments_(std::move(arguments)) { start(); }

  http_client client() const { return http_client{server_->http_port()}; }
  server_process& server() { return *server_; }

  void kill_and_start() {
    server_->kill();
    start();
  }

  void stop_and_start() {
    expect(server_->stop() == 0, "did not end well: " + server_->process().standard_error());
    start();
  }

private:
  void start() {
    server_ = std::make_unique<server_process>(
      lmq::testing::server_options{.arguments = arguments_, .data_dir = folder_.path("data")});
  }

  lmq::testing::temporary_folder folder_;
  std::vector<std::string> arguments_;
  std::unique_ptr<server_process> server_;
};

} // namespace

CONTRACT("messages survive a kill in their order, with content type and queue") {
  durable it;
  auto before = it.client();
  for (int i = 0; i < 50; ++i)
    push_ok(before, i % 2 == 0 ? "even" : "odd", std::to_string(i),
            {{"content-type", "text/" + std::to_string(i)}});
  it.kill_and_start();
  auto after = it.client();
  for (int i = 0; i < 50; ++i) {
    auto got = pull_ok(after, i % 2 == 0 ? "even" : "odd");
    expect_equal(got.body, std::to_string(i));
    expect_equal(header_of(got, "content-type"), "text/" + std::to_string(i));
    expect_status(settle(after, i % 2 == 0 ? "even" : "odd", lease_of(got), "ack"), 204);
  }
  expect_nothing(pull(after, "even"));
  expect_nothing(pull(after, "odd"));
}

CONTRACT("what is acknowledged stays gone") {
  durable it;
  auto before = it.client();
  for (auto* body : {"a", "b", "c"})
    push_ok(before, "q", body);
  for (int i = 0; i < 2; ++i)
    expect_status(settle(before, "q", lease_of(pull_ok(before, "q")), "ack"), 204);
  it.kill_and_start();
  auto after = it.client();
  expect_equal(pull_ok(after, "q").body, "c");
  expect_nothing(pull(after, "q"));
}

CONTRACT("a lease holds on after a kill, and can be settled and extended under its id") {
  durable it;
  auto before = it.client();
  for (auto* body : {"acked", "nacked", "extended"})
    push_ok(before, "q", body);
  auto acked = lease_of(pull_ok(before, "q")), nacked = lease_of(pull_ok(before, "q")),
       extended = lease_of(pull_ok(before, "q"));
  expect_status(settle(before, "q", extended, "ext"),
                204); // is answered when it is on the disk, as are those before
  it.kill_and_start();
  auto after = it.client();
  expect_nothing(pull(after, "q"));
  expect_status(settle(after, "q", acked, "ack"), 204);
  expect_status(settle(after, "q", extended, "ext"), 204);
  expect_status(settle(after, "q", nacked, "nack"), 204);
  auto again = pull_ok(after, "q");
  expect_equal(again.body, "nacked");
  expect_equal(retry_remaining_of(again), "1");
  expect_nothing(pull(after, "q"));
}

CONTRACT("a lease goes on to run out after a kill, and spends its retry") {
  durable it;
  auto before = it.client();
  set_properties(before, "q", R"({"timeout":2,"retry":1})");
  push_ok(before, "q", "x");
  auto lease = lease_of(pull_ok(before, "q"));
  expect_status(settle(before, "q", lease, "ext"), 204);
  it.kill_and_start();
  auto after = it.client();
  expect_nothing(pull(after, "q"));
  auto again = pull_ok(after, "q", "t=5");
  expect_equal(again.body, "x");
  expect_equal(retry_remaining_of(again), "0");
}

CONTRACT("properties, rules and names survive, and what is deleted stays deleted") {
  durable it;
  auto before = it.client();
  set_properties(before, "own", R"({"retry":7})");
  set_properties(before, "reset", R"({"retry":7})");
  expect_status(before.request("DELETE", "/properties/reset"), 204);
  expect_status(before.request("PUT", "/properties", {}, R"([["^ruled",{"timeout":11}]])"), 204);
  push_ok(before, "ruled.q", "x");
  push_ok(before, "gone", "x");
  expect_status(before.request("DELETE", "/queues/gone"), 204);
  it.kill_and_start();
  auto after = it.client();
  expect_equal(properties_text(after, "own"), R"({"accum":0,"retry":7,"timeout":30})");
  expect_equal(properties_text(after, "reset"), R"({"accum":0,"retry":2,"timeout":30})");
  expect_equal(properties_text(after, "ruled.q"), R"({"accum":0,"retry":2,"timeout":11})");
  expect(queue_exists(after, "own"), "own is gone");
  expect(!queue_exists(after, "gone"), "gone is there");
  expect_nothing(pull(after, "gone"));
}

CONTRACT("a window goes on after a kill and comes as one compound") {
  durable it;
  auto before = it.client();
  set_properties(before, "q", R"({"accum":3})");
  for (auto* body : {"a", "b", "c"})
    push_ok(before, "q", body);
  it.kill_and_start();
  auto after = it.client();
  expect_nothing(pull(after, "q"));
  auto got = pull_ok(after, "q", "t=10");
  expect_equal(header_of(got, "x-lmq-message-type"), "compound");
  for (auto* body : {"a", "b", "c"})
    expect(got.body.find(body) != std::string::npos, "a part is missing");
  expect_status(settle(after, "q", lease_of(got), "ack"), 204);
  it.kill_and_start();
  auto at_last = it.client();
  expect_nothing(pull(at_last, "q"));
}

CONTRACT("patterns find what was stored") {
  durable it;
  auto before = it.client();
  push_ok(before, "log.a", "a");
  push_ok(before, "log.b", "b");
  it.kill_and_start();
  auto after = it.client();
  expect_status(after.request("POST", "/messages?qre=%5Elog", {}, "both"), 200);
  int got = 0;
  while (after.request("GET", "/messages?qre=%5Elog&t=0").status == 200)
    ++got;
  expect_equal(got, 4);
}

CONTRACT("a server that was stopped goes on, as one that was killed") {
  durable it;
  auto before = it.client();
  push_ok(before, "q", "x");
  it.stop_and_start();
  auto after = it.client();
  expect_equal(pull_ok(after, "q").body, "x");
}

CONTRACT("with less free space than the reserve pushes get 507, and pulls and acks go on") {
  lmq::testing::temporary_folder folder;
  std::string lease;
  {
    server_process roomy{{.arguments = {"--disk-reserve", "1"}, .data_dir = folder.path("data")}};
    http_client client{roomy.http_port()};
    push_ok(client, "q", "x");
    push_ok(client, "q", "y");
    expect(roomy.stop() == 0, "did not end well");
  }
  server_process full{{.arguments = {"--disk-reserve", "1024GiB"}, .data_dir = folder.path("data")}};
  http_client client{full.http_port()};
  auto refused = push(client, "q", "z");
  expect_refused(refused, 507, "no_space");
  expect_equal(header_of(refused, "retry-after"), "1");
  expect_refused(client.request("POST", "/messages?qre=q", {}, "z"), 507, "no_space");
  auto got = pull_ok(client, "q");
  expect_equal(got.body, "x");
  expect_status(settle(client, "q", lease_of(got), "ack"), 204);
  expect_equal(pull_ok(client, "q").body, "y");
}

CONTRACT("a directory that takes more than its limit takes no more pushes") {
  durable it{{"--disk-limit", "1"}};
  auto client = it.client();
  auto refused = push(client, "q", "x");
  expect_refused(refused, 507, "no_space");
  expect(refused.body.find("--disk-limit") != std::string::npos, "the limit is not named: " + refused.body);
  rpc_client caller{it.server().rpc_port()};
  expect_error(caller.call("push", {"q", "x"}), "over_limit");
  expect_error(caller.call("push", {"q", "x"}), "over_limit");
  expect_empty(caller.call("pull", {"q", 0}));
}

CONTRACT("a backlog larger than the memory for it comes out whole and in order, also after a kill") {
  durable it{{"--memory-limit", "4MiB"}};
  constexpr int messages = 300;
  auto body_of = [](int i) {
    return std::to_string(i) + std::string(64UL * 1024, static_cast<char>('a' + i % 26));
  };
  auto before = it.client();
  for (int i = 0; i < messages; ++i)
    push_ok(before, "q", body_of(i), {{"content-type", "text/" + std::to_string(i)}});
  expect(stats(before)["queues"]["q"]["memory"].get<std::size_t>() < 4UL * 1024 * 1024,
         "bodies are held beyond the limit");
  auto take = [&](http_client& client, int i) {
    auto got = pull_ok(client, "q");
    expect(got.body == body_of(i), "another body than that of " + std::to_string(i));
    expect_equal(header_of(got, "content-type"), "text/" + std::to_string(i));
    expect_status(settle(client, "q", lease_of(got), "ack"), 204);
  };
  for (int i = 0; i < messages / 2; ++i)
    take(before, i);
  it.kill_and_start();
  auto after = it.client();
  expect(stats(after)["queues"]["q"]["memory"].get<std::size_t>() < 4UL * 1024 * 1024,
         "bodies are held beyond the limit after the start");
  for (int i = messages / 2; i < messages; ++i)
    take(after, i);
  expect_nothing(pull(after, "q"));
}

CONTRACT("more messages than fit into the memory limit get 507, until some are gone") {
  durable it{{"--memory-limit", "1MiB"}};
  auto client = it.client();
  int taken_in = 0;
  http_response last;
  for (; taken_in < 20'000; ++taken_in)
    if (last = push(client, "q", "x"); last.status != 200)
      break;
  expect_refused(last, 507, "no_space");
  expect(last.body.find("--memory-limit") != std::string::npos, "the limit is not named: " + last.body);
  for (int i = 0; i < taken_in / 5; ++i)
    expect_status(settle(client, "q", lease_of(pull_ok(client, "q")), "ack"), 204);
  push_ok(client, "q", "x");
}
