// Tokens: which are asked for, what each may do, over the wire. What each may is a table here and another
// one, with every right on its own, in the gateway's tests.
#define CAF_SUITE tokens

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/await_words.hpp"
#include "tests/support/temporary_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <csignal>

using namespace lmq::contract;

namespace {

const std::string pusher = "pusher-pusher-pusher";
const std::string puller = "puller-puller-puller";
const std::string keeper = "keeper-keeper-keeper";
const std::string looker = "looker-looker-looker";
const std::string mover = "mover-mover-mover";
const std::string watcher = "watcher-watcher-watcher";
const std::string everybody = "mighty-mighty-mighty";

/// `here` is the queue that some are for; the others are for all.
std::string tokens_text() {
  return "# who may what\npusher push here " + pusher + "\npuller pull here " + puller +
         "\nkeeper admin here " + keeper + "\nlooker watch here " + looker + "\nmover push,pull .* " + mover +
         "\nwatcher watch .* " + watcher + "\nmighty admin .* " + everybody + "\n";
}

http_headers bearing(const std::string& token) {
  if (token.empty())
    return {};
  return {{"authorization", "Bearer " + token}};
}

/// A server that asks for tokens.
struct guarded_server : temporary_folder, limited_server {
  explicit guarded_server(const std::string& text = tokens_text(), const std::string& threads = "1")
      : limited_server({"--tokens", write("tokens", text), "--log-level", "info", "--threads", threads}) {
    ::chmod(path("tokens").c_str(), 0600);
  }

  /// Other tokens hold when this has returned.
  void reload(const std::string& text) {
    write("tokens", text);
    process().process().signal(SIGHUP);
    await_words(process().process(), "access.reloaded", ++reloads_);
  }

private:
  std::size_t reloads_ = 0;
};

struct endpoint {
  std::string method, target, body;
  /// h: pusher, l: puller, k: keeper, w: looker, B: mover, W: watcher, m: mighty; *: everybody
  std::string may;
};

/// As long as one, and nobody's.
const std::string a_lease(32, '1');

// Where what is asked is refused for another reason than the token, that is answered.
const std::vector<endpoint> endpoints{
  {"POST", "/messages/here", "x", "hkBm"},
  {"GET", "/messages/here?t=0", "", "lkBm"},
  {"POST", "/messages/here/" + a_lease + "?reply=ack", "", "lkBm"},
  {"POST", "/messages/here/" + a_lease + "?reply=nack", "", "lkBm"},
  {"POST", "/messages/here/" + a_lease + "?reply=ext", "", "lkBm"},
  {"POST", "/messages/there/" + a_lease + "?reply=ack", "", "Bm"},
  {"POST", "/messages?qre=here", "x", "Bm"},
  {"GET", "/messages?qre=here&t=0", "", "Bm"},
  {"POST", "/messages/there", "x", "Bm"},
  {"GET", "/messages/there?t=0", "", "Bm"},
  {"POST", "/messages/here2", "x", "Bm"},
  {"DELETE", "/queues/there", "", "m"},
  {"POST", "/queues/here/revive", "", "km"},
  {"GET", "/queues", "", "Wm"},
  {"GET", "/queues/here", "", "kwWm"},
  {"GET", "/queues/there", "", "Wm"},
  {"GET", "/queues/here/messages", "", "kwWm"},
  {"HEAD", "/queues/here/messages", "", "kwWm"},
  {"POST", "/queues/here/purge", "", "km"},
  {"POST", "/queues/there/purge", "", "m"},
  {"POST", "/queues/here/pause", "", "km"},
  {"POST", "/queues/here/resume", "", "km"},
  {"DELETE", "/queues/here/messages/" + std::string(22, 'A'), "", "km"},
  {"GET", "/queues/there/messages", "", "Wm"},
  {"POST", "/queues/there/revive", "", "m"},
  {"POST", "/queues/there/pause", "", "m"},
  {"POST", "/queues/there/resume", "", "m"},
  {"DELETE", "/queues/there/messages/" + std::string(22, 'A'), "", "m"},
  {"POST", "/queues/here/redrive", "{}", "km"},
  {"POST", "/queues/there/redrive", "{}", "m"},
  {"HEAD", "/queues", "", "Wm"},
  {"HEAD", "/queues/here", "", "kwWm"},
  {"GET", "/properties/here", "", "km"},
  {"PATCH", "/properties/here", "{}", "km"},
  {"DELETE", "/properties/here", "", "km"},
  {"HEAD", "/properties/here", "", "km"},
  {"DELETE", "/queues/here", "", "km"},
  {"GET", "/properties/there", "", "m"},
  {"PATCH", "/properties/there", "{}", "m"},
  {"DELETE", "/properties/there", "", "m"},
  {"HEAD", "/properties", "", "m"},
  {"GET", "/properties", "", "m"},
  {"PUT", "/properties", "[]", "m"},
  {"DELETE", "/properties", "", "m"},
  {"GET", "/stats", "", "Wm"},
  {"HEAD", "/stats", "", "Wm"},
  {"GET", "/metrics", "", "Wm"},
  {"HEAD", "/metrics", "", "Wm"},
  {"GET", "/cluster", "", "Wm"},
  {"HEAD", "/cluster", "", "Wm"},
  {"POST", "/cluster/join", R"({"address":"127.0.0.1:1"})", "m"},
  {"POST", "/cluster/leave", "", "m"},
  {"DELETE", "/cluster/members/b", "", "m"},
  {"POST", "/backup", R"({"directory":"relative"})", "m"},
  {"GET", "/openapi.json", "", "hlkwBWm"},
  {"OPTIONS", "*", "", "hlkwBWm"},
  {"OPTIONS", "/messages/here", "", "hlkwBWm"},
  {"GET", "/no/such/route", "", "hlkwBWm"},
  {"PUT", "/messages/here", "", "hlkwBWm"},
  {"GET", "/messages/%zz", "", "hlkwBWm"},
  {"POST", "/messages/there/no-lease?reply=ack", "", "hlkwBWm"},
  {"GET", "/health", "", "*"},
  {"HEAD", "/health", "", "*"},
};

} // namespace

CONTRACT("every endpoint is open to the tokens that are good for it and to no others") {
  guarded_server server;
  auto client = server.http();
  const std::vector<std::pair<char, std::string>> askers{
    {'h', pusher},    {'l', puller}, {'k', keeper},
    {'w', looker},    {'B', mover},  {'W', watcher},
    {'m', everybody}, {'-', ""},     {'?', "nobody-has-this-token"}};
  for (const auto& at : endpoints)
    for (const auto& [letter, token] : askers) {
      auto answer = client.request(at.method, at.target, bearing(token), at.body);
      auto open = at.may == "*" || at.may.find(letter) != std::string::npos;
      auto known = letter != '-' && letter != '?';
      auto shown =
        at.method + " " + at.target + " as " + letter + " was answered " + std::to_string(answer.status);
      if (open)
        expect(answer.status != 401 && answer.status != 403, shown);
      else
        expect_equal(answer.status, known ? 403 : 401);
      expect(open || at.method == "HEAD" ||
               parse_json(answer.body)["error"] == (known ? "forbidden" : "unauthorized"),
             shown);
    }
}

CONTRACT("no route and no method of the description is left out of that table") {
  guarded_server server;
  auto client = server.http();
  auto document = parse_json(client.request("GET", "/openapi.json", bearing(everybody)).body);
  auto with_names = [](std::string path) {
    auto put = [&](std::string_view parameter, std::string_view value) {
      if (auto at = path.find(parameter); at != std::string::npos)
        path.replace(at, parameter.size(), value);
    };
    put("{name}", "here");
    put("{member}", "b");
    put("{id}", path.starts_with("/queues/") ? std::string(22, 'A') : a_lease);
    return path;
  };
  int seen = 0;
  for (auto& [path, operations] : document["paths"].items())
    for (auto& [key, operation] : operations.items()) {
      auto method = key;
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (!operation.is_object() || !operation.contains("responses"))
        continue;
      ++seen;
      auto target = with_names(path);
      expect(std::any_of(endpoints.begin(), endpoints.end(),
                         [&](const auto& one) {
                           return one.method == method &&
                                  one.target.substr(0, one.target.find('?')) == target;
                         }),
             method + " " + target + " is not in the table");
    }
  expect(seen > 25, "the description has only " + std::to_string(seen));
}

CONTRACT("without a token the answer is 401 and says how to send one") {
  guarded_server server;
  auto client = server.http();
  auto none = push(client, "here", "x");
  expect_refused(none, 401, "unauthorized");
  expect_equal(header_of(none, "www-authenticate"), "Bearer");
  expect(none.body.find("authorization: Bearer TOKEN") != std::string::npos, none.body);
  for (auto value :
       {"", "Bearer", "Bearer ", "Basic cHVzaGVy", "pusher-pusher-pusher", "Bearer PUSHER-pusher-pusher"}) {
    auto answer = push(client, "here", "x", {{"authorization", value}});
    expect_refused(answer, 401, "unauthorized");
    expect_equal(header_of(answer, "www-authenticate"), "Bearer");
  }
  push_ok(client, "here", "x", {{"authorization", "bEARER  " + pusher}});
}

CONTRACT("two authorizations are none") {
  guarded_server server;
  auto client = server.http();
  expect_refused(
    push(client, "here", "x", {{"authorization", "Bearer " + pusher}, {"authorization", "Bearer " + pusher}}),
    401, "unauthorized");
}

CONTRACT("403 says which right is missing and asks for no other token") {
  guarded_server server;
  auto client = server.http();
  auto answer = client.request("GET", "/messages/here?t=0", bearing(pusher));
  expect_refused(answer, 403, "forbidden");
  expect(!answer.has_header("www-authenticate"), "it asks for a token");
  expect_equal(parse_json(answer.body)["message"],
               "the token of pusher is not good for this: it takes the right pull on this queue");
}

CONTRACT("a refused push stores nothing and the connection goes on") {
  guarded_server server;
  auto client = server.http();
  client.send("POST", "/messages/here", bearing(puller), std::string(100'000, 'x'));
  client.send("POST", "/messages/here", bearing(pusher), "kept");
  expect_refused(client.receive(), 403, "forbidden");
  expect_status(client.receive(), 200);
  expect_equal(client.request("GET", "/messages/here?t=0", bearing(puller)).body, "kept");
  expect_nothing(client.request("GET", "/messages/here?t=0", bearing(puller)));
}

CONTRACT("a body that waits for a word is refused before it is sent") {
  guarded_server server;
  auto client = server.http();
  client.send("POST", "/messages/here", {{"expect", "100-continue"}, {"content-length", "1000000"}});
  expect_refused(client.receive(), 401, "unauthorized");
  expect(client.closed_by_peer(), "not closed in good order");
}

CONTRACT("each request of a connection is looked at on its own") {
  guarded_server server;
  auto client = server.http();
  push_ok(client, "here", "x", bearing(pusher));
  expect_refused(push(client, "here", "x"), 401, "unauthorized");
  push_ok(client, "here", "x", bearing(everybody));
}

CONTRACT("on a connection that stays each right ends with the file of tokens that gave it") {
  guarded_server server{tokens_text(), "2"};
  auto line = [](const std::string& rights, const std::string& pattern) {
    return "pusher " + rights + " " + pattern + " " + pusher + "\nmighty admin .* " + everybody + "\n";
  };
  std::vector<http_client> kept;
  for (int i = 0; i < 4; ++i) // whichever thread has them
    kept.push_back(server.http());
  auto expect_all = [&](const std::string& target, int status, here at = here::current()) {
    for (auto& client : kept)
      for (int again = 0; again < 2; ++again)
        expect_status(client.request("POST", target, bearing(pusher), "x"), status, at);
  };
  expect_all("/messages/here", 200);
  expect_all("/messages/there", 403);
  server.reload(line("push", "there")); // another queue
  expect_all("/messages/here", 403);
  expect_all("/messages/there", 200);
  server.reload(line("pull", "there")); // another right
  expect_all("/messages/there", 403);
  server.reload(line("push", ".*"));
  expect_all("/messages/here", 200);
  expect_all("/messages?qre=here", 200);
  server.reload("mighty admin .* " + everybody + "\n"); // revoked
  expect_all("/messages/here", 401);
  server.reload(tokens_text());
  expect_all("/messages/here", 200);
}

CONTRACT("a body that was under way when its token was taken away changes no properties") {
  guarded_server server;
  auto client = server.http();
  const std::string change = R"({"retry":7})";
  client.send_raw("PATCH /properties/here HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + keeper +
                  "\r\ncontent-length: " + std::to_string(change.size()) + "\r\n\r\n");
  let_it_arrive(server.process());
  server.reload("mighty admin .* " + everybody + "\n");
  client.send_raw(change);
  expect_refused(client.receive(), 401, "unauthorized");
  auto now = client.request("GET", "/properties/here", bearing(everybody));
  expect_equal(parse_json(now.body)["retry"].dump(), "2");
}

CONTRACT("dead letters are sent only into queues that the token may push to") {
  const std::string both = "both-both-both-both-both";
  guarded_server server{tokens_text() + "both admin here|dead-.* " + both + "\n"};
  auto client = server.http();
  auto patch = [&](const std::string& token, const std::string& change) {
    return client.request("PATCH", "/properties/here", bearing(token), change);
  };
  auto retry = [&] {
    return parse_json(client.request("GET", "/properties/here", bearing(keeper)).body)["retry"].dump();
  };
  expect_status(patch(keeper, R"({"retry":5})"), 204);
  for (auto* target : {"there", "here2", "dead-1"}) {
    auto refused = patch(keeper, R"({"retry":7,"dead_letter":")" + std::string{target} + "\"}");
    expect_refused(refused, 403, "forbidden");
    expect(parse_json(refused.body)["message"].get<std::string>().find(
             "push on the queue that dead_letter names") != std::string::npos,
           refused.body);
    expect_equal(retry(), "5");
  }
  expect_refused(patch(both, R"({"dead_letter":"there"})"), 403, "forbidden");
  expect_refused(patch(keeper, R"({"dead_letter":1})"), 400, "bad_property");
  expect_status(patch(both, R"({"dead_letter":"dead-1"})"), 204);
  expect_status(patch(keeper, R"({"retry":0})"), 204); // what is set already is not looked at
  expect_status(patch(keeper, R"({"dead_letter":""})"), 204);
  expect_status(patch(everybody, R"({"dead_letter":"there"})"), 204);
  const std::string rule = R"([["here",{"dead_letter":"there"}]])";
  expect_refused(client.request("PUT", "/properties", bearing(both), rule), 403, "forbidden");
  expect_status(client.request("PUT", "/properties", bearing(everybody), rule), 204);
}

CONTRACT("whoever pulls may settle") {
  guarded_server server;
  auto client = server.http();
  push_ok(client, "here", "x", bearing(pusher));
  auto lease = lease_of(client.request("GET", "/messages/here?t=0", bearing(puller)));
  auto target = "/messages/here/" + lease + "?reply=ack";
  expect_refused(client.request("POST", target, bearing(pusher)), 403, "forbidden");
  expect_status(client.request("POST", target, bearing(puller)), 204);
}

CONTRACT("a token never ends up in a message whatever a hook preserves") {
  guarded_server server;
  auto client = server.http();
  expect_status(client.request(
                  "PATCH", "/properties/here", bearing(everybody),
                  R"({"hooks":{"pre_http_push":[["lmq_hook_preserve_header",["authorization","x-mine"]]]}})"),
                204);
  auto headers = bearing(pusher);
  headers.emplace_back("x-mine", "1");
  push_ok(client, "here", "x", headers);
  auto answer = client.request("GET", "/messages/here?t=0", bearing(puller));
  expect_equal(header_of(answer, "x-mine"), "1");
  expect(answer.raw.find(pusher) == std::string::npos, "the token is in the message");
}

CONTRACT("MessagePack-RPC is not served beside tokens unless that is asked for") {
  guarded_server server;
  bool refused = false;
  try {
    server.rpc();
  } catch (const connection_lost&) {
    refused = true;
  }
  expect(refused, "somebody listens there");
  limited_server open{{"--tokens", server.path("tokens"), "--rpc-open"}};
  open.rpc();
}

CONTRACT("without --tokens an authorization is a header like any other") {
  auto client = http();
  push_ok(client, fresh_name(), "x", {{"authorization", "Bearer nobody-has-this-token"}});
  push_ok(client, fresh_name(), "x", {{"authorization", "a"}, {"authorization", "b"}});
}
