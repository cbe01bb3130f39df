// Queues of dead letters: what runs out of retries goes there, once, whatever is killed; and back.
#define CAF_SUITE dead_letters

#include "tests/contract/compound.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <map>

using namespace lmq::contract;

namespace {

using counted = std::map<std::string, int>;

/// Pulls it and says no.
void nack_one(http_client& client, const std::string& queue, here at = here::current()) {
  expect_status(settle(client, queue, lease_of(pull_ok(client, queue, "t=10", at), at), "nack"), 204, at);
}

/// A queue of which every message dies at its first nack.
std::string mortal(http_client& client, const std::string& dead) {
  auto name = fresh_name();
  set_properties(client, name, R"({"retry":0,"dead_letter":")" + dead + "\"}");
  return name;
}

/// Pulls and acknowledges until nothing has come for so long.
void drain(http_client& client, const std::string& queue, counted& into, const std::string& wait = "0") {
  for (;;) {
    auto got = pull(client, queue, "t=" + wait);
    if (got.status != 200)
      return expect_status(got, 204);
    ++into[got.body];
    expect_status(settle(client, queue, lease_of(got), "ack"), 204);
  }
}

std::string text_of(const counted& all) {
  std::string text;
  for (const auto& [body, n] : all)
    text += body + ":" + std::to_string(n) + " ";
  return text;
}

std::string size_of(http_client& client, const std::string& queue) {
  return stats(client)["queues"][queue]["size"].dump();
}

http_response redrive(http_client& client, const std::string& queue, const std::string& body = "",
                      const std::string& query = "") {
  return client.request("POST", "/queues/" + queue + "/redrive" + query, {}, body);
}

} // namespace

CONTRACT("a message out of retries goes to the queue of dead letters and tells how it died") {
  auto client = http();
  auto dead = fresh_name(), name = fresh_name();
  set_properties(client, name,
                 R"({"retry":1,"dead_letter":")" + dead +
                   R"(","hooks":{"pre_http_push":[["lmq_hook_preserve_header",["x-trace"]]]}})");
  push_ok(client, name, "body", {{"content-type", "text/special"}, {"x-trace", "7"}});
  nack_one(client, name);
  nack_one(client, name);
  auto got = pull_ok(client, dead, "t=10");
  expect_equal(got.body, "body");
  expect_equal(header_of(got, "content-type"), "text/special");
  expect_equal(header_of(got, "x-trace"), "7");
  expect_equal(header_of(got, "x-lmq-dead-reason"), "retries");
  expect_equal(header_of(got, "x-lmq-dead-queue"), name);
  expect_equal(header_of(got, "x-lmq-deliveries"), "2");
  expect_equal(header_of(got, "x-lmq-queue-name"), dead);
  expect_equal(retry_remaining_of(got), "2");
  expect_status(settle(client, dead, lease_of(got), "ack"), 204);
  expect_nothing(pull(client, dead));
  expect_nothing(pull(client, name));
}

CONTRACT("it goes when its last lease runs out though nobody pulls") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  set_properties(client, name, R"({"timeout":0.1})");
  push_ok(client, name, "slow");
  pull_ok(client, name);
  expect_equal(pull_ok(client, dead, "t=10").body, "slow");
}

CONTRACT("over RPC a dead letter is a message like others and dead_letter a property like others") {
  auto client = rpc();
  auto dead = fresh_name(), name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"retry", 0}, {"dead_letter", dead}})}));
  push_ok(client, name, "x");
  expect_ok(client.call("release", {name, pull_ok(client, name).id}));
  auto got = message_in(client.call("pull", {dead, 10}));
  require(got.has_value(), "no dead letter came");
  expect_equal(got->content, packed{"x"});
  expect_equal(got->queue, dead);
  expect_error(client.call("update_props", {name, map({{"dead_letter", name}})}), "invalid");
  expect_error(client.call("update_props", {name, map({{"dead_letter", 1}})}), "invalid");
  expect_error(client.call("update_props", {name, map({{"dead_letter", std::string(256, 'x')}})}), "badarg");
}

CONTRACT("of a compound each message is a dead letter of its own") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  set_properties(client, name, R"({"accum":0.1})");
  for (auto* body : {"a", "b", "c"})
    push_ok(client, name, body);
  nack_one(client, name);
  for (auto* body : {"a", "b", "c"}) {
    auto got = pull_ok(client, dead, "t=10");
    expect_equal(got.body, body);
    expect_equal(header_of(got, "x-lmq-message-type"), "normal");
    expect_equal(header_of(got, "x-lmq-deliveries"), "1");
  }
  expect_nothing(pull(client, dead));
}

CONTRACT("dead_letter is printed where it is set, comes by rules too, and the empty name is none") {
  server_process server;
  http_client client{server.http_port()};
  set_properties(client, "q", R"({"dead_letter":"dead \u00e9"})");
  expect_equal(properties_text(client, "q"),
               "{\"accum\":0,\"dead_letter\":\"dead \xc3\xa9\",\"retry\":2,\"timeout\":30}");
  expect_equal(properties_text(client, "other"), R"({"accum":0,"retry":2,"timeout":30})");
  expect_status(client.request("DELETE", "/properties/q"), 204);
  auto rules = R"([["",{"dead_letter":"dead","retry":0}]])";
  expect_status(client.request("PUT", "/properties", {}, rules), 204);
  expect_json(client.request("GET", "/properties"), rules);
  expect_equal(properties_text(client, "q"), R"({"accum":0,"dead_letter":"dead","retry":0,"timeout":30})");
  // A queue is not its own.
  expect_equal(properties_text(client, "dead"), R"({"accum":0,"retry":0,"timeout":30})");
  push_ok(client, "q", "x");
  nack_one(client, "q");
  nack_one(client, "dead");
  expect_nothing(pull(client, "dead"));
  set_properties(client, "q", R"({"dead_letter":""})");
  expect_equal(properties_text(client, "q"), R"({"accum":0,"dead_letter":"","retry":0,"timeout":30})");
  push_ok(client, "q", "gone");
  nack_one(client, "q");
  expect_nothing(pull(client, "q"));
  expect_nothing(pull(client, "dead"));
  expect(server.stop() == 0, "did not end well");
}

CONTRACT("what is no queue's name, or the queue's own, is refused as dead_letter and changes nothing") {
  auto client = http();
  auto name = fresh_name();
  auto patch = [&](const std::string& value) {
    return client.request("PATCH", "/properties/" + name, {}, R"({"retry":9,"dead_letter":)" + value + "}");
  };
  set_properties(client, name, R"({"dead_letter":"d"})");
  for (auto* value : {"1", "null", "true", "[]", "{}"})
    expect_refused(patch(value), 400, "bad_property");
  expect_refused(patch("\"" + name + "\""), 400, "bad_property");
  expect_refused(patch("\"" + std::string(256, 'x') + "\""), 400, "bad_name");
  expect_refused(patch(R"("a\nb")"), 400, "bad_name");
  expect_refused(client.request("PUT", "/properties", {}, R"([["x",{"dead_letter":"a\tb"}]])"), 400,
                 "bad_name");
  expect_equal(properties_text(client, name), R"({"accum":0,"dead_letter":"d","retry":2,"timeout":30})");
}

CONTRACT("where the queue of dead letters is full they stay, hold up nobody, and go later") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  set_properties(client, dead, R"({"max_messages":1})");
  for (auto* body : {"a", "b", "c"})
    push_ok(client, name, body);
  for (int i = 0; i < 3; ++i)
    nack_one(client, name);
  push_ok(client, name, "lives");
  expect_equal(pull_ok(client, name).body, "lives");
  counted all;
  while (all.size() < 3)
    drain(client, dead, all, "3");
  drain(client, dead, all, "1.5");
  expect_equal(text_of(all), "a:1 b:1 c:1 ");
  expect_equal(size_of(client, name), "1");
}

CONTRACT("dead letters that are redriven are back where they died, with fresh retries") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  for (auto* body : {"a", "b", "c"}) {
    push_ok(client, name, body);
    nack_one(client, name);
  }
  push_ok(client, dead, "was never elsewhere");
  set_properties(client, name, R"({"retry":5})");
  expect_equal(pull_ok(client, dead, "t=10").body, "a"); // somebody has it: it stays
  expect_json(redrive(client, dead, R"({"limit":1})"), R"({"moved":1})");
  auto got = pull_ok(client, name);
  expect_equal(got.body, "b");
  expect_equal(retry_remaining_of(got), "5");
  for (auto* name_of_it : {"x-lmq-dead-reason", "x-lmq-dead-queue", "x-lmq-deliveries"})
    expect(!got.header(name_of_it), std::string{name_of_it} + " is still there");
  expect_json(redrive(client, dead), R"({"moved":1})");
  expect_json(redrive(client, dead, "{}"), R"({"moved":0})");
  expect_equal(pull_ok(client, name).body, "c");
  expect_equal(pull_ok(client, dead).body, "was never elsewhere");
}

CONTRACT("a look at dead letters shows how they died") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  push_ok(client, name, "body");
  nack_one(client, name);
  nack_one(client, dead); // so it is there
  auto shown = parse_json(client.request("GET", "/queues/" + dead + "/messages").body)["messages"][0];
  expect_equal(shown["headers"].dump(), R"([["x-lmq-dead-reason","retries"],["x-lmq-dead-queue",")" + name +
                                          R"("],["x-lmq-deliveries","1"]])");
}

CONTRACT("how many are redriven is said in the target or in the body, and the smaller number holds") {
  auto client = http();
  auto dead = fresh_name(), name = mortal(client, dead);
  for (int i = 0; i < 6; ++i) {
    push_ok(client, name, "x");
    nack_one(client, name);
  }
  std::vector<std::string> arrived;
  for (int i = 0; i < 6; ++i)
    arrived.push_back(lease_of(pull_ok(client, dead, "t=10")));
  for (const auto& lease : arrived)
    expect_status(settle(client, dead, lease, "nack"), 204);
  expect_json(redrive(client, dead, "", "?limit=1"), R"({"moved":1})");
  expect_json(redrive(client, dead, R"({"limit":3})", "?limit=1"), R"({"moved":1})");
  expect_json(redrive(client, dead, R"({"limit":1})", "?limit=3"), R"({"moved":1})");
  expect_json(redrive(client, dead, "{}", "?limit=2"), R"({"moved":2})");
  for (auto* query : {"?limit=0", "?limit=", "?limit=-1", "?limit=1.5", "?limit=junk", "?limit=1x"})
    expect_refused(redrive(client, dead, "", query), 400, "bad_parameter");
  expect_json(redrive(client, dead), R"({"moved":1})");
}

CONTRACT("a redrive of nothing, or said wrongly, is refused") {
  auto client = http();
  expect_refused(redrive(client, fresh_name()), 404, "no_such_queue");
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto* body : {"[]", "{", R"({"n":1})", R"({"limit":1,"n":1})"})
    expect_refused(redrive(client, name, body), 400, "bad_json");
  for (auto* body : {R"({"limit":0})", R"({"limit":-1})", R"({"limit":"1"})", R"({"limit":1.5})"})
    expect_refused(redrive(client, name, body), 400, "bad_parameter");
  expect_refused(client.request("GET", "/queues/" + name + "/redrive"), 405, "method_not_allowed");
}

CONTRACT("with a disk each dead letter is there once, whenever the server is killed") {
  lmq::testing::temporary_folder folder;
  auto start = [&] {
    return std::make_unique<server_process>(server_options{.data_dir = folder.path("data")});
  };
  auto server = start();
  counted all, pushed;
  for (int round = 0; round < 12; ++round) {
    http_client client{server->http_port()};
    set_properties(client, "q", R"({"retry":0,"dead_letter":"dead"})");
    std::vector<std::string> leases;
    for (int i = 0; i < 20; ++i) {
      auto body = std::to_string(round) + "." + std::to_string(i);
      push_ok(client, "q", body);
      ++pushed[body];
      leases.push_back(lease_of(pull_ok(client, "q")));
    }
    // Some are moved, some are being moved, and some have not been heard of when it ends.
    for (int i = 0; i < 20; ++i)
      client.send("POST", "/messages/q/" + leases[static_cast<std::size_t>(i)] + "?reply=nack");
    for (int i = 0; i < round; ++i)
      expect_status(client.receive(), 204);
    server->kill();
    server = start();
    http_client after{server->http_port()};
    for (const auto& lease : leases)
      settle(after, "q", lease, "nack"); // those of which it had not heard
    while (size_of(after, "q") != "0")
      drain(after, "dead", all, "0.2");
    drain(after, "dead", all);
  }
  expect_equal(text_of(all), text_of(pushed));
}

CONTRACT("with a disk each message is once in one of both queues, whenever a redrive is killed") {
  lmq::testing::temporary_folder folder;
  auto start = [&] {
    return std::make_unique<server_process>(server_options{.data_dir = folder.path("data")});
  };
  auto server = start();
  for (int round = 0; round < 8; ++round) {
    counted all, pushed;
    {
      http_client client{server->http_port()};
      set_properties(client, "q", R"({"retry":0,"dead_letter":"dead"})");
      for (int i = 0; i < 30; ++i) {
        push_ok(client, "q", std::to_string(i));
        ++pushed[std::to_string(i)];
        nack_one(client, "q");
      }
      while (size_of(client, "q") != "0")
        expect_nothing(pull(client, "nobody-is-there", "t=0.05"));
      http_client other{server->http_port()};
      other.send("POST", "/queues/dead/redrive");
      for (int i = 0; i < round; ++i)
        pull(client, "nobody-is-there");
      server->kill();
    }
    server = start();
    http_client after{server->http_port()};
    drain(after, "q", all);
    drain(after, "dead", all);
    expect_equal(text_of(all), text_of(pushed));
  }
}

CONTRACT(
  "what dies where memory is full goes to its queue of dead letters, and pushes are taken when it is gone") {
  lmq::testing::temporary_folder folder;
  server_process server{{.arguments = {"--memory-limit", "1MiB"}, .data_dir = folder.path("data")}};
  http_client client{server.http_port()};
  auto name = mortal(client, "dead");
  int there = 0;
  http_response last;
  while ((last = push(client, name, std::to_string(there))).status == 200)
    ++there;
  expect_refused(last, 507, "no_space");
  expect_equal(last.header("retry-after").value_or("none"), "1");
  auto health = parse_json(client.request("GET", "/health").body);
  expect(health["ready"] == true && health["reasons"].size() == 1 &&
           health["reasons"][0].get<std::string>().find("--memory-limit") != std::string::npos,
         health.dump());
  for (int i = 0; i < there; ++i)
    nack_one(client, name);
  counted all;
  while (static_cast<int>(all.size()) < there) {
    auto before = all.size();
    drain(client, "dead", all, "5");
    require(all.size() > before, std::to_string(all.size()) + " of " + std::to_string(there) + " came");
  }
  expect(std::all_of(all.begin(), all.end(), [](const auto& one) { return one.second == 1; }), text_of(all));
  push_ok(client, name, "again");
  health = parse_json(client.request("GET", "/health").body);
  expect(health["reasons"].empty(), health.dump());
}
