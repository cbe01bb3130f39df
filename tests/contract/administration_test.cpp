// What operators ask over HTTP: lists of queues, purge, pause, a look at messages, the removal of one.
#define CAF_SUITE administration

#include "tests/contract/requests.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;
using json = nlohmann::ordered_json;

namespace {

json document(http_client& client, const std::string& target, here at = here::current()) {
  auto answer = client.request("GET", target);
  require(answer.status == 200, target + " was answered " + answer.raw, at);
  expect_equal(answer.header("content-type").value_or("none"), "application/json", at);
  expect(is_compact_json(answer.body), "blanks", at);
  return parse_json(answer.body);
}

json peek(http_client& client, const std::string& name, const std::string& query = "",
          here at = here::current()) {
  return document(client, "/queues/" + name + "/messages" + query, at)["messages"];
}

std::vector<std::string> bodies(const json& messages) {
  std::vector<std::string> all;
  for (auto& m : messages)
    all.push_back(m.value("body", "(none)"));
  return all;
}

http_response order(http_client& client, const std::string& name, const std::string& verb) {
  return client.request("POST", "/queues/" + name + "/" + verb);
}

http_response remove_message(http_client& client, const std::string& name, const std::string& id) {
  return client.request("DELETE", "/queues/" + name + "/messages/" + id);
}

using texts = std::vector<std::string>;

/// More than a purge drops in one slice.
constexpr std::size_t several_slices = 25'000;

void push_many(http_client& client, const std::string& name, std::size_t count) {
  constexpr std::size_t at_once = 500;
  for (std::size_t sent = 0; sent < count; sent += at_once) {
    for (std::size_t i = 0; i < at_once; ++i)
      client.send("POST", "/messages/" + name, {}, "x");
    for (std::size_t i = 0; i < at_once; ++i)
      expect_status(client.receive(), 200);
  }
}

} // namespace

CONTRACT("GET /queues lists queues in the order of their names, a page at a time") {
  server_process server;
  http_client client{server.http_port()};
  expect_json(client.request("GET", "/queues"), R"({"limit":100,"offset":0,"queues":[],"total":0})");
  for (auto* name : {"b2", "a1", "b1", "b3"})
    push_ok(client, name, "x");
  pull_ok(client, "b1");
  push_ok(client, "b1", "y");
  push_ok(client, "b1", "z");
  auto all = document(client, "/queues");
  expect_equal(all["total"].dump(), "4");
  texts names;
  for (auto& q : all["queues"])
    names.push_back(q["name"]);
  expect(names == texts{"a1", "b1", "b2", "b3"}, "order: " + all.dump());
  auto b1 = all["queues"][1];
  expect(b1["size"] == 3 && b1["ready"] == 2 && b1["leased"] == 1 && b1["accumulating"] == 0 &&
           b1["waiters"] == 0 && b1["memory"] > 0 && b1["paused"] == false && b1["down"] == false,
         b1.dump());
  auto page = document(client, "/queues?qre=^b&offset=1&limit=1");
  expect(page["total"] == 3 && page["queues"].size() == 1 && page["queues"][0]["name"] == "b2", page.dump());
  page = document(client, "/queues?offset=9");
  expect(page["total"] == 4 && page["queues"].empty(), page.dump());
  names.clear();
  auto by_size = document(client, "/queues?sort=size");
  for (auto& q : by_size["queues"])
    names.push_back(q["name"]);
  expect(names == texts{"b1", "a1", "b2", "b3"}, "by size: " + json(names).dump());
  page = document(client, "/queues?sort=size&qre=^b&offset=1&limit=1");
  expect(page["total"] == 3 && page["queues"].size() == 1 && page["queues"][0]["name"] == "b2", page.dump());
  page = document(client, "/queues?sort=size&offset=9");
  expect(page["total"] == 4 && page["queues"].empty(), page.dump());
  expect_refused(client.request("GET", "/queues?sort=memory"), 400, "bad_parameter");
  expect_refused(client.request("GET", "/queues?qre=("), 400, "bad_pattern");
  expect_refused(client.request("GET", "/queues?limit=0"), 400, "bad_parameter");
  expect_refused(client.request("GET", "/queues?limit=1001"), 400, "bad_parameter");
}

CONTRACT("all of very many queues are asked, some at a time, and the largest is found among them") {
  server_process server;
  http_client client{server.http_port()};
  constexpr int queues = 2500;
  for (int i = 0; i < queues; ++i)
    push_ok(client, "q" + std::to_string(i), "x");
  push_ok(client, "q77", "y");
  expect_equal(stats(client)["queues"].size(), std::size_t{queues});
  auto page = document(client, "/queues?sort=size&limit=2");
  expect_equal(page["total"].get<int>(), queues);
  expect(page["queues"].size() == 2 && page["queues"][0]["name"] == "q77" &&
           page["queues"][1]["name"] == "q0",
         page.dump());
  auto pushed = parse_json(client.request("POST", "/messages?qre=^q", {}, "to all").body);
  expect_equal(pushed.size(), std::size_t{queues});
}

CONTRACT("GET /queues/NAME tells what a queue holds and has done, and makes none") {
  auto client = http();
  auto name = fresh_name();
  expect_refused(client.request("GET", "/queues/" + name), 404, "no_such_queue");
  expect(!queue_exists(client, name), "it was made by that");
  set_properties(client, name, R"({"retry":5})");
  push_ok(client, name, "a");
  push_ok(client, name, "b");
  expect_status(settle(client, name, lease_of(pull_ok(client, name)), "ack"), 204);
  auto q = document(client, "/queues/" + name);
  expect(q["name"] == name && q["size"] == 1 && q["ready"] == 1 && q["leased"] == 0, q.dump());
  expect(q["counts"]["pushed"] == 2 && q["counts"]["acked"] == 1 && q["counts"]["delivered"] == 1, q.dump());
  expect(q["props"].dump() == R"({"accum":0,"retry":5,"timeout":30})", q.dump());
  expect(q["oldest_ready"].is_number() && q["restarts"] == 0 && q["copies"].size() == 1, q.dump());
  expect_status(settle(client, name, lease_of(pull_ok(client, name)), "ack"), 204);
  expect(document(client, "/queues/" + name)["oldest_ready"].is_null(), "nothing is ready");
}

CONTRACT("a peek shows what is next in line, and spends no lease and no retry") {
  auto client = http();
  auto name = fresh_name();
  expect_refused(client.request("GET", "/queues/" + name + "/messages"), 404, "no_such_queue");
  set_properties(client, name, R"({"hooks":{"pre_http_push":[["lmq_hook_preserve_header",["x-order"]]]}})");
  push_ok(client, name, "leased");
  pull_ok(client, name);
  push_ok(client, name, "first", {{"content-type", "text/plain"}, {"x-order", "1"}});
  push_ok(client, name, "\xff\xfe");
  push_ok(client, name, std::string(100'000, 'x'));
  for (int i = 0; i < 10; ++i)
    push_ok(client, name, std::to_string(i));
  for (int times = 0; times < 2; ++times) {
    auto all = peek(client, name);
    expect_equal(all.size(), 10u);
    auto first = all[0];
    expect(first["body"] == "first" && first["content_type"] == "text/plain" && first["size"] == 5 &&
             first["truncated"] == false && first["retries_left"] == 2 && first["deliveries"] == 0 &&
             first["type"] == "normal" && first["headers"].dump() == R"([["x-order","1"]])",
           first.dump());
    expect(all[1]["body_base64"] == "//4=" && !all[1].contains("body"), all[1].dump());
    expect(all[2]["size"] == 100'000 && all[2]["truncated"] == true &&
             all[2]["body"].get<std::string>() == std::string(16 * 1024, 'x'),
           "the large one");
  }
  expect_equal(peek(client, name, "?n=1").size(), 1u);
  expect_equal(peek(client, name, "?n=100").size(), 13u);
  expect_refused(client.request("GET", "/queues/" + name + "/messages?n=101"), 400, "bad_parameter");
  auto got = pull_ok(client, name);
  expect(got.body == "first" && retry_remaining_of(got) == "2", "came as " + got.raw);
}

CONTRACT("a peek shows a compound with its parts") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, R"({"accum":0.2})");
  push_ok(client, name, "a");
  push_ok(client, name, "b");
  expect(peek(client, name).empty(), "the window is open");
  auto lease = lease_of(pull_ok(client, name, "t=10"));
  expect_status(settle(client, name, lease, "nack"), 204);
  auto one = peek(client, name)[0];
  expect(one["type"] == "compound" && one["parts_total"] == 2 && one["size"] == 2 &&
           bodies(one["parts"]) == texts{"a", "b"},
         one.dump());
  expect_status(remove_message(client, name, one["id"]), 204);
  expect_nothing(pull(client, name));
}

CONTRACT("a purge drops what is ready, and leaves what is leased") {
  auto client = http();
  auto name = fresh_name();
  expect_refused(order(client, name, "purge"), 404, "no_such_queue");
  for (auto* body : {"a", "b", "c"})
    push_ok(client, name, body);
  auto lease = lease_of(pull_ok(client, name));
  expect_json(order(client, name, "purge"), R"({"purged":2})");
  expect_json(order(client, name, "purge"), R"({"purged":0})");
  expect_nothing(pull(client, name));
  expect(document(client, "/queues/" + name)["counts"]["deleted"] == 2, "not counted");
  expect_status(settle(client, name, lease, "nack"), 204);
  expect_equal(pull_ok(client, name).body, "a");
}

CONTRACT("a purge of many messages counts them all, and the deletion of many leaves none") {
  for (bool on_disk : {false, true}) {
    lmq::testing::temporary_folder folder;
    server_process server{on_disk ? lmq::testing::server_options{.data_dir = folder.path("data")}
                                  : lmq::testing::server_options{}};
    http_client client{server.http_port()};
    push_many(client, "q", several_slices);
    auto lease = lease_of(pull_ok(client, "q"));
    expect_json(order(client, "q", "purge"), R"({"purged":)" + std::to_string(several_slices - 1) + "}");
    expect_nothing(pull(client, "q"));
    expect_status(settle(client, "q", lease, "nack"), 204);
    push_many(client, "q", several_slices);
    expect_status(client.request("DELETE", "/queues/q"), 204);
    expect_refused(client.request("GET", "/queues/q"), 404, "no_such_queue");
    expect_nothing(pull(client, "q"));
  }
}

CONTRACT("a look reads no more bodies from the disk than it may, and tells how large the others are") {
  lmq::testing::temporary_folder folder;
  lmq::testing::server_options options{.arguments = {"--memory-limit", "1MiB"},
                                       .data_dir = folder.path("data")};
  for (bool started_again : {false, true}) {
    server_process server{options};
    http_client client{server.http_port()};
    if (!started_again) {
      for (auto bytes : {1'500'000, 1'500'000, 1'500'000, 3})
        push_ok(client, "q", std::string(static_cast<std::size_t>(bytes), 'x'),
                {{"content-type", "text/plain"}});
      for (int i = 0; i < 2; ++i)
        push_ok(client, "larger", std::string(5'000'000, 'y'));
    }
    auto all = peek(client, "q");
    expect_equal(all.size(), 4u);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& m = all[i];
      bool read = i != 2;
      expect(m["size"] == (i < 3 ? 1'500'000 : 3) && m["truncated"] == (i < 3) && m["type"] == "normal" &&
               m["retries_left"] == 2 && m.contains("body") == read && m.contains("content_type") == read &&
               m.contains("headers") == read,
             m.dump().substr(0, 300));
    }
    auto larger = peek(client, "larger");
    expect_equal(larger.size(), 2u);
    expect(larger[0]["body"].get<std::string>().starts_with("yyy") && !larger[1].contains("body") &&
             larger[1]["size"] == 5'000'000 && larger[1]["truncated"] == true,
           larger[1].dump().substr(0, 300));
    server.kill();
  }
}

CONTRACT("a message is removed by its id, ready or leased, once") {
  auto client = http();
  auto name = fresh_name();
  for (auto* body : {"a", "b", "c"})
    push_ok(client, name, body);
  auto all = peek(client, name);
  std::string of_a = all[0]["id"], of_b = all[1]["id"];
  expect_status(remove_message(client, name, of_b), 204);
  expect_refused(remove_message(client, name, of_b), 404, "no_such_message");
  auto lease = lease_of(pull_ok(client, name));
  expect_refused(remove_message(client, name, lease), 404, "no_such_message");
  expect_status(remove_message(client, name, of_a), 204);
  expect_status(settle(client, name, lease, "ack"), 404);
  expect_equal(pull_ok(client, name).body, "c");
  expect_refused(remove_message(client, fresh_name(), of_a), 404, "no_such_queue");
}

CONTRACT("a paused queue takes pushes and settles, delivers nothing, and goes on where it was") {
  auto client = http();
  auto name = fresh_name();
  expect_refused(order(client, name, "pause"), 404, "no_such_queue");
  expect(!queue_exists(client, name), "it was made by that");
  push_ok(client, name, "a");
  auto lease = lease_of(pull_ok(client, name));
  expect_status(order(client, name, "pause"), 204);
  expect(document(client, "/queues/" + name)["paused"] == true, "it is not");
  expect_equal(properties_text(client, name), R"({"accum":0,"paused":true,"retry":2,"timeout":30})");
  push_ok(client, name, "b");
  expect_status(settle(client, name, lease, "ack"), 204);
  expect_nothing(pull(client, name));
  expect_nothing(pull(client, name, "t=0.05"));
  expect_nothing(client.request("GET", "/messages?qre=^" + name + "$&t=0"));
  expect(bodies(peek(client, name)) == texts{"b"}, "it can be looked at");
  expect_status(order(client, name, "resume"), 204);
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":2,"timeout":30})");
  expect_equal(pull_ok(client, name).body, "b");
}

CONTRACT("pulls that wait at a paused queue are served when it is resumed, also those by qre") {
  for (bool by_pattern : {false, true}) {
    server_process server;
    http_client client{server.http_port()}, waiter{server.http_port()};
    push_ok(client, "q", "a");
    expect_status(order(client, "q", "pause"), 204);
    waiter.send("GET", by_pattern ? "/messages?qre=^q&t=10" : "/messages/q?t=10");
    let_it_arrive(server);
    expect(document(client, "/queues/q")["ready"] == 1, "it was delivered");
    expect_status(order(client, "q", "resume"), 204);
    expect_equal(waiter.receive().body, "a");
  }
}

CONTRACT("a rule can pause queues, and a resume wins over it") {
  server_process server;
  http_client client{server.http_port()};
  push_ok(client, "rule", "a");
  expect_status(client.request("PUT", "/properties", {}, R"([["^ru",{"paused":true}]])"), 204);
  expect_nothing(pull(client, "rule"));
  expect_json(client.request("GET", "/properties"), R"([["^ru",{"paused":true}]])");
  expect_status(order(client, "rule", "resume"), 204);
  expect_equal(pull_ok(client, "rule").body, "a");
  expect_refused(client.request("PATCH", "/properties/rule", {}, R"({"paused":1})"), 400, "bad_property");
}

CONTRACT("what was purged, removed and paused is so after a kill, and bodies on the disk are shown") {
  lmq::testing::temporary_folder folder;
  auto start = [&] {
    return std::make_unique<server_process>(
      lmq::testing::server_options{.arguments = {"--memory-limit", "1MiB"}, .data_dir = folder.path("data")});
  };
  auto server = start();
  {
    http_client client{server->http_port()};
    for (auto* body : {"a", "b", "c"})
      push_ok(client, "purged", body);
    expect_json(order(client, "purged", "purge"), R"({"purged":3})");
    for (auto* body : {"a", "b"})
      push_ok(client, "kept", body);
    expect_status(remove_message(client, "kept", peek(client, "kept")[0]["id"]), 204);
    expect_status(order(client, "kept", "pause"), 204);
    for (int i = 0; i < 20; ++i)
      push_ok(client, "large", std::to_string(i) + std::string(200'000, 'x'));
    auto all = peek(client, "large", "?n=20");
    expect_equal(all.size(), 20u);
    for (int i = 0; i < 20; ++i)
      expect(all[static_cast<std::size_t>(i)]["body"].get<std::string>().starts_with(std::to_string(i) + "x"),
             "another body");
  }
  server->kill();
  server = start();
  http_client client{server->http_port()};
  expect_nothing(pull(client, "purged"));
  expect_nothing(pull(client, "kept"));
  expect(bodies(peek(client, "kept")) == texts{"b"}, "another one was removed");
  expect_equal(peek(client, "large", "?n=20").size(), 20u);
  expect_status(order(client, "kept", "resume"), 204);
  expect_equal(pull_ok(client, "kept").body, "b");
}
