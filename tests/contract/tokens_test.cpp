// Tokens: which are asked for, what each may do, over the wire. What each may is a table here and another
// one, with every right on its own, in the gateway's tests.
#define CAF_SUITE tokens

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/temporary_folder.hpp"

#include <sys/stat.h>

using namespace lmq::contract;

namespace {

const std::string pusher = "pusher-pusher-pusher";
const std::string puller = "puller-puller-puller";
const std::string keeper = "keeper-keeper-keeper";
const std::string everybody = "mighty-mighty-mighty";

/// `here` is the queue that all but the last are for.
std::string tokens_text() {
  return "# who may what\npusher push here " + pusher + "\npuller pull here " + puller +
         "\nkeeper admin here " + keeper + "\nmighty admin .* " + everybody + "\n";
}

http_headers bearing(const std::string& token) {
  if (token.empty())
    return {};
  return {{"authorization", "Bearer " + token}};
}

/// A server that asks for tokens.
struct guarded_server : temporary_folder, limited_server {
  guarded_server() : limited_server({"--tokens", write("tokens", tokens_text())}) {
    ::chmod(path("tokens").c_str(), 0600);
  }
};

struct endpoint {
  std::string method, target, body;
  std::string may; ///< h: pusher, l: puller, k: keeper, m: mighty; *: everybody
};

/// As long as one, and nobody's.
const std::string a_lease(32, '1');

// Where what is asked is refused for another reason than the token, that is answered.
const std::vector<endpoint> endpoints{
  {"POST", "/messages/here", "x", "hkm"},
  {"GET", "/messages/here?t=0", "", "lkm"},
  {"POST", "/messages/here/" + a_lease + "?reply=ack", "", "lkm"},
  {"POST", "/messages/here/" + a_lease + "?reply=nack", "", "lkm"},
  {"POST", "/messages/here/" + a_lease + "?reply=ext", "", "lkm"},
  {"POST", "/messages/there/" + a_lease + "?reply=ack", "", "m"},
  {"POST", "/messages?qre=here", "x", "m"},
  {"GET", "/messages?qre=here&t=0", "", "m"},
  {"POST", "/messages/there", "x", "m"},
  {"GET", "/messages/there?t=0", "", "m"},
  {"POST", "/messages/here2", "x", "m"},
  {"DELETE", "/queues/there", "", "m"},
  {"POST", "/queues/here/revive", "", "km"},
  {"GET", "/queues", "", "m"},
  {"GET", "/queues/here", "", "km"},
  {"GET", "/queues/there", "", "m"},
  {"GET", "/queues/here/messages", "", "km"},
  {"HEAD", "/queues/here/messages", "", "km"},
  {"POST", "/queues/here/purge", "", "km"},
  {"POST", "/queues/there/purge", "", "m"},
  {"POST", "/queues/here/pause", "", "km"},
  {"POST", "/queues/here/resume", "", "km"},
  {"DELETE", "/queues/here/messages/" + std::string(22, 'A'), "", "km"},
  {"GET", "/properties/here", "", "km"},
  {"PATCH", "/properties/here", "{}", "km"},
  {"DELETE", "/properties/here", "", "km"},
  {"HEAD", "/properties/here", "", "km"},
  {"DELETE", "/queues/here", "", "km"},
  {"GET", "/properties/there", "", "m"},
  {"GET", "/properties", "", "m"},
  {"PUT", "/properties", "[]", "m"},
  {"DELETE", "/properties", "", "m"},
  {"GET", "/stats", "", "m"},
  {"HEAD", "/stats", "", "m"},
  {"GET", "/metrics", "", "m"},
  {"GET", "/cluster", "", "m"},
  {"POST", "/cluster/join", R"({"address":"127.0.0.1:1"})", "m"},
  {"POST", "/cluster/leave", "", "m"},
  {"DELETE", "/cluster/members/b", "", "m"},
  {"POST", "/backup", R"({"directory":"relative"})", "m"},
  {"GET", "/openapi.json", "", "hlkm"},
  {"OPTIONS", "*", "", "hlkm"},
  {"OPTIONS", "/messages/here", "", "hlkm"},
  {"GET", "/no/such/route", "", "hlkm"},
  {"PUT", "/messages/here", "", "hlkm"},
  {"GET", "/messages/%zz", "", "hlkm"},
  {"POST", "/messages/there/no-lease?reply=ack", "", "hlkm"},
  {"GET", "/health", "", "*"},
  {"HEAD", "/health", "", "*"},
};

} // namespace

CONTRACT("every endpoint is open to the tokens that are good for it and to no others") {
  guarded_server server;
  auto client = server.http();
  const std::vector<std::pair<char, std::string>> askers{
    {'h', pusher}, {'l', puller}, {'k', keeper}, {'m', everybody}, {'-', ""}, {'?', "nobody-has-this-token"}};
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
