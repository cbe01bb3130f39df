// Two linked nodes: it does not matter which one a client asks, and either may die.
#define CAF_SUITE two_nodes

#include "tests/contract/requests.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/unique_fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <map>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <thread>

using namespace lmq::contract;

namespace {

constexpr auto linked_within = std::chrono::seconds{20};
constexpr seconds takeover_time_max{4.0}; ///< 1 s of silence, and what comes after it, beside other tests

std::string at(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::string status_of(server_process& node) {
  return http_client{node.http_port()}.request("GET", "/cluster").body;
}

/// A port at which connections are taken and nothing is ever said.
class mute_port {
public:
  mute_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    require(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&here), size) == 0 &&
              ::listen(socket_.get(), SOMAXCONN) == 0 &&
              ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&here), &size) == 0,
            "no port to listen at");
    port_ = ntohs(here.sin_port);
  }

  std::uint16_t port() const { return port_; }

private:
  lmq::testing::unique_fd socket_;
  std::uint16_t port_ = 0;
};

/// That many, itself included, and it serves.
bool in_step(server_process& node, std::size_t members) {
  auto told = nlohmann::json::parse(status_of(node));
  std::size_t n = 0;
  for (const auto& member : told.at("members"))
    n += member.at("state") == "in_step" ? 1 : 0;
  return told.at("serving") == true && n == members;
}

/// As that node tells it.
void await_state(server_process& teller, const std::string& member, const std::string& state) {
  auto is_so = [&] {
    auto members = nlohmann::json::parse(status_of(teller)).at("members");
    return std::any_of(members.begin(), members.end(),
                       [&](const auto& m) { return m.at("name") == member && m.at("state") == state; });
  };
  time_limit limit{takeover_time_max};
  while (!is_so()) {
    require(!limit.passed(), member + " is not " + state + ": " + status_of(teller));
    std::this_thread::sleep_for(
      std::chrono::milliseconds{20}); // another process: there is no event to wait for
  }
}

void await_in_step(server_process& a, server_process& b) {
  auto until = std::chrono::steady_clock::now() + linked_within;
  while (!in_step(a, 2) || !in_step(b, 2)) {
    require(std::chrono::steady_clock::now() < until, "the nodes are not in step: " + status_of(a));
    std::this_thread::sleep_for(
      std::chrono::milliseconds{20}); // another process: there is no event to wait for
  }
}

/// Both run as long as the case.
class two_nodes {
public:
  explicit two_nodes(const std::vector<std::string>& more = {})
      : a_(free_port()),
        b_(free_port()),
        anna_(options("anna", a_, b_, more)),
        bert_(options("bert", b_, a_, more)) {
    await_in_step(anna_, bert_);
  }

  http_client anna() { return http_client{anna_.http_port()}; }
  http_client bert() { return http_client{bert_.http_port()}; }

  /// Names of queues with their homes on each of them.
  std::pair<std::string, std::string> queues() {
    auto client = anna();
    std::string of_anna, of_bert;
    for (int i = 0; of_anna.empty() || of_bert.empty(); ++i) {
      auto name = "q" + std::to_string(i);
      push_ok(client, name, "x");
      expect_status(settle(client, name, lease_of(pull_ok(client, name)), "ack"), 204);
      (stats(client).at("queues").at(name).at("home") == "anna" ? of_anna : of_bert) = name;
    }
    return {of_anna, of_bert};
  }

  server_process& process_of_anna() { return anna_; }
  server_process& process_of_bert() { return bert_; }

private:
  static server_options options(const char* name, std::uint16_t own, std::uint16_t other,
                                const std::vector<std::string>& more) {
    server_options all{.arguments = {"--name", name, "--cluster", at(own), "--join", at(other)}};
    all.arguments.insert(all.arguments.end(), more.begin(), more.end());
    return all;
  }

  std::uint16_t a_, b_;
  server_process anna_, bert_;
};

/// How often a node has written this in its log.
std::size_t count_in_log(server_process& node, const std::string& words) {
  auto log = node.process().standard_error();
  std::size_t n = 0;
  for (auto found = log.find(words); found != std::string::npos; found = log.find(words, found + 1))
    ++n;
  return n;
}

/// What became of a push that was one of many at once.
struct pushed {
  http_response answer;
  std::string why; ///< there is none
};

/// All at the same time, every second one through the other node: bodies of so many bytes, in each another
/// letter, for one queue.
std::vector<pushed> push_at_once(two_nodes& nodes, const std::string& queue, std::size_t count,
                                 std::size_t bytes) {
  constexpr seconds patience{20};
  std::vector<pushed> outcomes(count);
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < count; ++i)
    clients.emplace_back([&, i] {
      try {
        auto client = i % 2 == 0 ? nodes.anna() : nodes.bert();
        client.send("POST", "/messages/" + queue, {}, std::string(bytes, static_cast<char>('a' + i)));
        outcomes[i].answer = client.receive(patience);
      } catch (const std::exception& e) {
        outcomes[i].why = e.what();
      }
    });
  for (auto& client : clients)
    client.join();
  return outcomes;
}

/// A healthy pair takes them or says that they may come again, and stays a pair; and all that it has answered
/// is on the node that is left when the other dies.
void expect_a_pair_takes(std::size_t count, std::size_t bytes, bool anna_stays) {
  two_nodes nodes{{"--min-copies", "2"}};
  auto &stays = anna_stays ? nodes.process_of_anna() : nodes.process_of_bert(),
       &dies = anna_stays ? nodes.process_of_bert() : nodes.process_of_anna();
  std::set<char> answered;
  auto outcomes = push_at_once(nodes, "large", count, bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [answer, why] = outcomes[i];
    require(why.empty(), "no answer: " + why);
    if (answer.status == 200) {
      answered.insert(static_cast<char>('a' + i));
      continue;
    }
    expect_refused(answer, 503, "unavailable");
    header_of(answer, "retry-after");
  }
  expect(!answered.empty(), "none was taken");
  // A machine that stands still for a second makes them silent to each other, which is another matter.
  for (auto* node : {&stays, &dies})
    for (auto* why : {"it is too slow", "it does not acknowledge"})
      expect_equal(count_in_log(*node, why), 0U);
  expect(in_step(stays, 2) && in_step(dies, 2), "they are not in step: " + status_of(stays));

  dies.kill();
  http_client client{stays.http_port()};
  for (auto got = pull(client, "large", "t=1"); got.status != 204; got = pull(client, "large", "t=1")) {
    expect_status(got, 200);
    expect_equal(got.body.size(), bytes);
    answered.erase(got.body.front());
  }
  expect(answered.empty(), std::to_string(answered.size()) + " that were answered are not there");
}

} // namespace

CONTRACT(
  "what is pushed through one node is pulled and acknowledged through the other, wherever its home is") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  for (const auto& queue : {of_anna, of_bert}) {
    push_ok(anna, queue, "one", {{"content-type", "text/plain"}});
    auto got = pull_ok(bert, queue);
    expect(got.body == "one" && got.header("content-type") == "text/plain", "came as " + got.raw);
    expect_status(settle(anna, queue, lease_of(got), "ext"), 204);
    expect_status(settle(bert, queue, lease_of(got), "nack"), 204);
    auto again = pull_ok(anna, queue);
    expect(retry_remaining_of(again) == "1", "has other retries: " + again.raw);
    expect_status(settle(bert, queue, lease_of(got), "ack"), 404);
    expect_status(settle(bert, queue, lease_of(again), "ack"), 204);
    expect_status(settle(anna, queue, lease_of(again), "ack"), 404);
    expect_nothing(pull(anna, queue));
  }
}

CONTRACT("messages keep their order whichever node they come through") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  for (int i = 0; i < 20; ++i)
    push_ok(i % 2 == 0 ? anna : bert, "line", std::to_string(i));
  for (int i = 0; i < 20; ++i)
    expect(pull_ok(i % 3 == 0 ? anna : bert, "line").body == std::to_string(i), "out of order");
}

CONTRACT("a pull that waits on one node gets what is pushed on the other") {
  two_nodes nodes;
  auto [of_anna, of_bert] = nodes.queues();
  for (const auto& queue : {of_anna, of_bert})
    for (bool from_anna : {true, false}) {
      auto waiter = from_anna ? nodes.anna() : nodes.bert();
      auto other = from_anna ? nodes.bert() : nodes.anna();
      waiter.send("GET", "/messages/" + queue + "?t=10");
      let_it_arrive(from_anna ? nodes.process_of_anna() : nodes.process_of_bert());
      push_ok(other, queue, "late");
      expect(waiter.receive().body == "late", "another body");
    }
}

CONTRACT("a pull over many queues finds what is elsewhere, also in queues that are made later") {
  two_nodes nodes;
  for (bool from_anna : {true, false}) {
    auto waiter = from_anna ? nodes.anna() : nodes.bert();
    auto other = from_anna ? nodes.bert() : nodes.anna();
    for (int i = 0; i < 4; ++i) {
      waiter.send("GET", "/messages?qre=^many&t=10");
      let_it_arrive(from_anna ? nodes.process_of_anna() : nodes.process_of_bert());
      auto queue = "many" + std::to_string(i) + (from_anna ? "a" : "b");
      push_ok(other, queue, "for any");
      auto got = waiter.receive();
      expect(got.body == "for any" && got.header("x-lmq-queue-name") == queue, "came " + got.raw);
      expect_status(settle(other, queue, lease_of(got), "ack"), 204);
    }
  }
}

CONTRACT("a push to many queues reaches those that the other node made") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  for (const char* queue : {"fan1", "fan2", "fan3"})
    expect_nothing(pull(anna, queue));
  expect_json(bert.request("POST", "/messages?qre=^fan", {}, "to all"),
              R"({"fan1":{"accum":"no"},"fan2":{"accum":"no"},"fan3":{"accum":"no"}})");
  for (const char* queue : {"fan1", "fan2", "fan3"})
    expect(pull_ok(anna, queue).body == "to all", "another body");
}

CONTRACT("properties, rules and deletions made through one node hold on the other when they are answered") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  set_properties(anna, "set", R"({"retry":7})");
  expect(properties_text(bert, "set") == R"({"accum":0,"retry":7,"timeout":30})",
         properties_text(bert, "set"));
  expect_status(bert.request("PUT", "/properties", {}, R"([["^ru",{"timeout":5}]])"), 204);
  expect(properties_text(anna, "rule") == R"({"accum":0,"retry":2,"timeout":5})",
         properties_text(anna, "rule"));
  push_ok(anna, "doomed", "x");
  expect_status(bert.request("DELETE", "/queues/doomed"), 204);
  expect(!queue_exists(anna, "doomed"), "is still there");
  expect_nothing(pull(anna, "doomed"));
  expect_status(anna.request("DELETE", "/queues/never"), 404);
}

CONTRACT("a window takes what both nodes bring, and is one message") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  for (const auto& queue : {of_anna, of_bert}) {
    set_properties(anna, queue, R"({"accum":0.5})");
    expect_json(bert.request("POST", "/messages/" + queue, {}, "a"), R"({"accum":"new"})");
    expect_json(anna.request("POST", "/messages/" + queue, {}, "b"), R"({"accum":"yes"})");
    auto got = pull_ok(bert, queue, "t=10");
    expect(header_of(got, "x-lmq-message-type") == "compound", "is " + got.raw);
    expect(got.body.find("\r\n\r\na\r\n") != std::string::npos &&
             got.body.find("\r\n\r\nb\r\n") != std::string::npos,
           "lacks a part: " + got.raw);
    expect_status(settle(anna, queue, lease_of(got), "ack"), 204);
    expect_nothing(pull(bert, queue));
  }
}

CONTRACT(
  "nodes without disks take no more than fits into the memory of each, and pushes come back by themselves") {
  two_nodes nodes{{"--memory-limit", "1MiB"}};
  auto anna = nodes.anna(), bert = nodes.bert();
  const std::string body(10'000, 'x');
  int taken_in = 0;
  http_response last;
  while (taken_in < 1000 && (last = push(anna, "q", body)).status == 200)
    ++taken_in;
  expect_refused(last, 507, "no_space");
  expect(taken_in > 80 && taken_in < 110, std::to_string(taken_in) + " were taken in");
  expect_refused(push(bert, "other", body), 507, "no_space");
  expect_refused(bert.request("POST", "/messages?qre=^q", {}, body), 507, "no_space");
  for (auto* client : {&anna, &bert})
    expect(client->request("GET", "/health").body.find("--memory-limit") != std::string::npos,
           "health says nothing of it");
  for (int i = 0; i < taken_in / 5; ++i)
    expect_status(settle(anna, "q", lease_of(pull_ok(bert, "q")), "ack"), 204);
  push_ok(anna, "q", body);
  push_ok(bert, "q", body);
}

CONTRACT("stats name the members, and each queue's home and copies") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  push_ok(anna, "seen", "x");
  for (auto* client : {&anna, &bert}) {
    auto all = stats(*client);
    expect(all.at("active_nodes") == nlohmann::json::array({"anna", "bert"}), all.dump());
    expect(all.at("all_nodes") == nlohmann::json::array({"anna", "bert"}), all.dump());
    expect(all.at("queues").at("seen").at("nodes") == nlohmann::json::array({"anna", "bert"}), all.dump());
    expect(all.at("queues").at("seen").at("size") == 1, all.dump());
    expect(all.at("queues").at("seen").at("stats").at("push").at("count") == 1, all.dump());
  }
}

CONTRACT(
  "when a node is killed the other has all that was answered; its leases stay good, its waiters are served") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  std::vector<std::pair<std::string, std::string>> leases;
  for (const auto& queue : {of_anna, of_bert}) {
    for (int i = 0; i < 10; ++i)
      push_ok(anna, queue, std::to_string(i));
    leases.emplace_back(queue, lease_of(pull_ok(anna, queue)));
  }
  auto waiter = nodes.bert();
  waiter.send("GET", "/messages/" + of_anna + "-later?t=20");
  let_it_arrive(nodes.process_of_bert());
  nodes.process_of_anna().kill();
  stopwatch watch;
  push_ok(bert, of_anna + "-later", "after");
  expect(watch.elapsed() < takeover_time_max, "no push for too long");
  expect(waiter.receive().body == "after", "another body");
  for (const auto& [queue, lease] : leases) {
    expect_status(settle(bert, queue, lease, "ack"), 204);
    for (int i = 1; i < 10; ++i)
      expect(pull_ok(bert, queue).body == std::to_string(i), "lost, or out of order");
    expect_nothing(pull(bert, queue));
  }
}

CONTRACT("with fewer copies than are asked for pushes get 503, and all else is answered at once") {
  two_nodes nodes{{"--min-copies", "2"}};
  auto bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  std::vector<std::pair<std::string, std::string>> leases;
  for (const auto& queue : {of_anna, of_bert})
    for (const char* reply : {"ack", "nack", "ext"}) {
      push_ok(bert, queue, reply);
      leases.emplace_back(queue, lease_of(pull_ok(bert, queue)));
    }
  nodes.process_of_anna().kill();
  time_limit limit{takeover_time_max};
  while (!in_step(nodes.process_of_bert(), 1))
    require(!limit.passed(), "the other is not missed");
  stopwatch watch;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const char* reply = std::array{"ack", "nack", "ext"}[i % 3];
    expect_status(settle(bert, leases[i].first, leases[i].second, reply), 204);
  }
  for (const auto& queue : {of_anna, of_bert}) {
    expect_equal(pull_ok(bert, queue).body, "nack");
    set_properties(bert, queue, R"({"retry":7})");
    expect_status(bert.request("POST", "/queues/" + queue + "/pause"), 204);
    expect_refused(push(bert, queue, "x"), 503, "unavailable");
  }
  expect(watch.elapsed() < takeover_time_max, "was held up");
}

CONTRACT("a full queue refuses with 429 whichever node is asked, and its next home does so too") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  for (const auto& queue : {of_anna, of_bert}) {
    set_properties(anna, queue, R"({"max_messages":1})");
    push_ok(bert, queue, "x");
    for (auto* client : {&anna, &bert}) {
      auto refused = push(*client, queue, "y");
      expect_refused(refused, 429, "queue_full");
      expect_equal(refused.header("retry-after").value_or("none"), "1");
      expect(refused.body.find("queue \\\"" + queue + "\\\"") != std::string::npos,
             "the queue is not named: " + refused.body);
    }
  }
  nodes.process_of_anna().kill();
  for (const auto& queue : {of_anna, of_bert}) {
    auto x = pull_ok(bert, queue); // answered by the next home
    expect_refused(push(bert, queue, "y"), 429, "queue_full");
    expect_status(settle(bert, queue, lease_of(x), "ack"), 204);
    push_ok(bert, queue, "z");
    expect_equal(pull_ok(bert, queue).body, "z");
  }
}

CONTRACT("operators may ask either node, and what they did holds when the home dies") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  for (const auto& queue : {of_anna, of_bert}) {
    auto path = "/queues/" + queue;
    for (auto* body : {"a", "b", "c"})
      push_ok(anna, queue, body);
    for (auto* client : {&anna, &bert}) {
      auto told = parse_json(client->request("GET", path).body);
      expect(told["ready"] == 3 && told["home"] == (queue == of_anna ? "anna" : "bert") &&
               told["copies"].size() == 2,
             told.dump());
      auto listed = parse_json(client->request("GET", "/queues?qre=^" + queue + "$").body);
      expect(listed["total"] == 1 && listed["queues"][0]["ready"] == 3, listed.dump());
      auto messages = parse_json(client->request("GET", path + "/messages").body)["messages"];
      require(messages.size() == 3, messages.dump());
      expect(messages[1]["body"] == "b", messages.dump());
    }
    for (auto* client : {&anna, &bert}) { // a, then b
      auto messages = parse_json(client->request("GET", path + "/messages").body)["messages"];
      auto one = path + "/messages/" + messages[0]["id"].get<std::string>();
      expect_status(client->request("DELETE", one), 204);
      expect_refused(client->request("DELETE", one), 404, "no_such_message");
    }
    expect_status(anna.request("POST", path + "/pause"), 204);
    expect_nothing(pull(bert, queue));
    expect_nothing(bert.request("GET", "/messages?qre=^" + queue + "$&t=0"));
    for (bool from_anna : {true, false}) {
      auto waiter = from_anna ? nodes.anna() : nodes.bert();
      waiter.send("GET", "/messages?qre=^" + queue + "$&t=10");
      let_it_arrive(from_anna ? nodes.process_of_anna() : nodes.process_of_bert());
      expect_status((from_anna ? bert : anna).request("POST", path + "/resume"), 204);
      auto got = waiter.receive();
      expect(got.body == "c", "came " + got.raw);
      expect_status(anna.request("POST", path + "/pause"), 204);
      expect_status(settle(bert, queue, lease_of(got), "nack"), 204);
    }
    push_ok(bert, queue, "d");
    expect_json(bert.request("POST", path + "/purge"), R"({"purged":2})");
    push_ok(bert, queue, "e");
  }
  nodes.process_of_anna().kill();
  for (const auto& queue : {of_anna, of_bert}) {
    auto path = "/queues/" + queue;
    push_ok(bert, queue, "f"); // answered by the next home
    expect_nothing(pull(bert, queue));
    expect_status(bert.request("POST", path + "/resume"), 204);
    expect_equal(pull_ok(bert, queue).body, "e");
    expect_equal(pull_ok(bert, queue).body, "f");
    expect_nothing(pull(bert, queue));
  }
}

CONTRACT("many messages are purged and deleted in one answer, and the nodes stay in step") {
  constexpr std::size_t count = 10'500, at_once = 500; // more than a slice
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto fill = [&](const std::string& queue) {
    for (std::size_t sent = 0; sent < count; sent += at_once) {
      for (std::size_t i = 0; i < at_once; ++i)
        anna.send("POST", "/messages/" + queue, {}, "x");
      for (std::size_t i = 0; i < at_once; ++i)
        expect_status(anna.receive(), 200);
    }
  };
  auto [of_anna, of_bert] = nodes.queues();
  fill(of_anna);
  expect_json(bert.request("POST", "/queues/" + of_anna + "/purge"),
              R"({"purged":)" + std::to_string(count) + "}");
  fill(of_bert);
  expect_status(anna.request("DELETE", "/queues/" + of_bert), 204);
  for (auto* client : {&anna, &bert})
    expect_refused(client->request("GET", "/queues/" + of_bert), 404, "no_such_queue");
  for (const auto& queue : {of_anna, of_bert})
    expect_nothing(pull(bert, queue));
  expect(in_step(nodes.process_of_anna(), 2) && in_step(nodes.process_of_bert(), 2), "one was given up");
}

CONTRACT("dead letters cross from home to home, and each is there once when a home is killed") {
  for (bool dies_at_home : {true, false}) {
    two_nodes nodes;
    auto anna = nodes.anna(), bert = nodes.bert();
    auto [of_anna, of_bert] = nodes.queues();
    auto queue = dies_at_home ? of_anna : of_bert, dead = dies_at_home ? of_bert : of_anna;
    set_properties(bert, queue, R"({"retry":0,"dead_letter":")" + dead + "\"}");
    std::vector<std::string> leases;
    for (int i = 0; i < 30; ++i) {
      push_ok(bert, queue, std::to_string(i));
      leases.push_back(lease_of(pull_ok(bert, queue)));
    }
    for (const auto& lease : leases)
      bert.send("POST", "/messages/" + queue + "/" + lease + "?reply=nack");
    for (int i = 0; i < 10; ++i)
      expect_status(bert.receive(), 204);
    nodes.process_of_anna().kill();
    for (int i = 10; i < 30; ++i)
      expect_status(bert.receive(), 204);
    std::map<std::string, int> all;
    for (auto got = pull(bert, dead, "t=5"); got.status == 200; got = pull(bert, dead, "t=3")) {
      expect_equal(header_of(got, "x-lmq-dead-queue"), queue);
      ++all[got.body];
      expect_status(settle(bert, dead, lease_of(got), "ack"), 204);
    }
    expect(all.size() == 30, "there are " + std::to_string(all.size()));
    for (const auto& [body, n] : all)
      expect(n == 1, body + " came " + std::to_string(n) + " times");
    expect_nothing(pull(bert, queue));
    expect_equal(stats(bert).at("queues").at(queue).at("size").dump(), "0");
  }
}

CONTRACT("a redrive goes to the home wherever it is asked for") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto [of_anna, of_bert] = nodes.queues();
  set_properties(anna, of_anna, R"({"retry":0,"dead_letter":")" + of_bert + "\"}");
  for (int i = 0; i < 3; ++i) {
    push_ok(anna, of_anna, std::to_string(i));
    expect_status(settle(anna, of_anna, lease_of(pull_ok(anna, of_anna)), "nack"), 204);
  }
  while (stats(anna).at("queues").at(of_anna).at("size").dump() != "0")
    std::this_thread::sleep_for(
      std::chrono::milliseconds{20}); // another process: there is no event to wait for
  expect_json(anna.request("POST", "/queues/" + of_bert + "/redrive"), R"({"moved":3})");
  for (int i = 0; i < 3; ++i)
    expect_equal(pull_ok(bert, of_anna).body, std::to_string(i));
  expect_nothing(pull(bert, of_bert));
}

CONTRACT("the last node that stays does not leave, also while one that has left still runs") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  push_ok(anna, "q", "x");
  expect_status(bert.request("POST", "/cluster/leave"), 204);
  expect_status(bert.request("POST", "/cluster/leave"), 204); // it has
  stopwatch watch;
  expect_refused(anna.request("POST", "/cluster/leave"), 503, "unavailable");
  for (auto* node : {&nodes.process_of_anna(), &nodes.process_of_bert()}) {
    await_state(*node, "anna", "in_step");
    await_state(*node, "bert", "leaving");
  }
  auto got = pull_ok(bert, "q"); // it passes on what it is asked
  expect_status(settle(bert, "q", lease_of(got), "ack"), 204);
  expect(nodes.process_of_bert().stop() == 0, "did not end well");
  await_state(nodes.process_of_anna(), "bert", "gone");
  expect_refused(anna.request("POST", "/cluster/leave"), 503, "unavailable");
  push_ok(anna, "q", "y");
  expect(watch.elapsed() < takeover_time_max, "was held up");
}

CONTRACT("what is deleted with its queue counts as deleted, leased or not, whichever node is asked") {
  two_nodes nodes;
  auto anna = nodes.anna(), bert = nodes.bert();
  auto of_anna = nodes.queues().first;
  for (int i = 0; i < 5; ++i)
    push_ok(anna, of_anna, "x");
  pull_ok(anna, of_anna);
  expect_status(bert.request("DELETE", "/queues/" + of_anna), 204);
  auto figures = anna.request("GET", "/metrics").body;
  for (auto* line : {"\nlmq_deleted_total 5\n", "\nlmq_settled_total{at=\"elsewhere\"} 0\n"})
    expect(figures.find(line) != std::string::npos, "there is no" + std::string{line} + "in " + figures);
}

CONTRACT("nodes with disks that were killed find each other again without being told where the others are") {
  lmq::testing::temporary_folder folder;
  auto port_a = free_port(), port_b = free_port();
  auto options = [&](const char* name, std::uint16_t own, std::vector<std::string> joins) -> server_options {
    std::vector<std::string> arguments{"--name", name, "--cluster", at(own)};
    arguments.insert(arguments.end(), joins.begin(), joins.end());
    return {.arguments = std::move(arguments), .data_dir = folder.path(name)};
  };
  {
    server_process anna{options("anna", port_a, {})}, bert{options("bert", port_b, {"--join", at(port_a)})};
    await_in_step(anna, bert);
    http_client client{anna.http_port()};
    push_ok(client, "q", "x");
    anna.kill();
    bert.kill();
  }
  server_process anna{options("anna", port_a, {})}, bert{options("bert", port_b, {})};
  await_in_step(anna, bert);
  http_client client{bert.http_port()};
  expect_equal(pull_ok(client, "q").body, "x");
  expect_nothing(pull(client, "q"));
}

CONTRACT("a node that waits for its cluster is not ready, and its figures say the same") {
  mute_port other;
  auto port = free_port();
  lmq::testing::child_process node{
    {.program = lmq::testing::program_path(),
     .arguments = {"serve", "--memory", "--http", at(port), "--rpc", "127.0.0.1:0", "--name", "anna",
                   "--cluster", at(free_port()), "--join", at(other.port())}}};
  int waited = 0, served = 0;
  auto until = std::chrono::steady_clock::now() + linked_within;
  while (served == 0) {
    require(std::chrono::steady_clock::now() < until, "it does not answer: " + node.standard_error());
    try {
      http_client client{port};
      auto before = client.request("GET", "/health").status;
      auto figures = client.request("GET", "/metrics").body;
      if (before != client.request("GET", "/health").status)
        continue; // it began meanwhile
      ++(before == 503 ? waited : served);
      expect(figures.find(before == 503 ? "\nlmq_ready 0\n" : "\nlmq_ready 1\n") != std::string::npos,
             "while health is " + std::to_string(before) + " the figures are " + figures);
    } catch (const lmq::testing::connection_lost&) {
      // not listening yet
    }
    std::this_thread::sleep_for(
      std::chrono::milliseconds{50}); // another process: there is no event to wait for
  }
  expect(waited > 0, "it has not waited");
}

CONTRACT("three bodies of nearly the largest size that are pushed at once are taken, and no peer is lost") {
  expect_a_pair_takes(3, std::size_t{60} << 20, true);
}

CONTRACT("many large bodies that are pushed at once are taken, and no peer is lost") {
  expect_a_pair_takes(16, std::size_t{5} << 20, false);
}
