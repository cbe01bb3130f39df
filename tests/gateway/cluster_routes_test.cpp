// The routes of the cluster: what each asks of it, and how its answers look.
#define CAF_SUITE cluster_routes

#include "gateway/http/json_cluster.hpp"
#include "tests/gateway/fake_cluster.hpp"
#include "tests/gateway/running_server.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;
using json = nlohmann::ordered_json;

namespace {

using words = std::vector<std::string>;

cluster_status two_nodes() {
  return {"lmq@a",
          true,
          "",
          {{"lmq@a", "127.0.0.1:9981", member_state::in_step, true, 0, 0},
           {"lmq@\"b", "", member_state::syncing, false, 3, 1024}}};
}

struct fixture {
  std::shared_ptr<cluster_script> plan = std::make_shared<cluster_script>();
  gateway_limits limits;

  running_server serve() const {
    return running_server{limits, [&](caf::actor_system& system) { return clustered_broker(system, plan); }};
  }
};

bool refused(const testing::http_response& answer, int status, const std::string& word) {
  return answer.status == status && answer.body.starts_with("{\"error\":\"" + word + "\",\"message\":\"");
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_routes_tests, fixture)

CAF_TEST(the status of a cluster is compact JSON with every member) {
  CAF_CHECK_EQUAL(cluster_json(two_nodes()),
                  R"({"node":"lmq@a","serving":true,"members":[)"
                  R"({"name":"lmq@a","address":"127.0.0.1:9981","state":"in_step","self":true,)"
                  R"("lag_messages":0,"lag_bytes":0},)"
                  R"({"name":"lmq@\"b","address":"","state":"syncing","self":false,)"
                  R"("lag_messages":3,"lag_bytes":1024}]})");
}

CAF_TEST(a node that does not serve says why) {
  CAF_CHECK_EQUAL(cluster_json({"a", false, "nobody \"answers\"", {}}),
                  R"({"node":"a","serving":false,"reason":"nobody \"answers\"","members":[]})");
}

CAF_TEST(every state of a member has its word) {
  for (auto [state, word] :
       {std::pair{member_state::joining, "joining"}, std::pair{member_state::syncing, "syncing"},
        std::pair{member_state::in_step, "in_step"}, std::pair{member_state::away, "away"},
        std::pair{member_state::leaving, "leaving"}, std::pair{member_state::gone, "gone"}}) {
    auto shown = json::parse(cluster_json({"a", true, "", {{"a", "", state, true, 0, 0}}}));
    CAF_CHECK_EQUAL(shown["members"][0]["state"].get<std::string>(), word);
  }
}

CAF_TEST(what joins has an address with a port) {
  CAF_CHECK(parse_join(R"({"address":"127.0.0.1:1"})") == (host_port{"127.0.0.1", 1}));
  CAF_CHECK(parse_join(R"( {"address" : "[::1]:65535"} )") == (host_port{"::1", 65535}));
  for (auto* text : {"", "{", "[]", "null", "{}", R"({"address":1})", R"("127.0.0.1:1")",
                     R"({"address":"127.0.0.1:1","port":2})", R"({"adress":"127.0.0.1:1"})"}) {
    auto no = parse_join(text);
    CAF_CHECK(!no && no.error().why == http_reason::bad_json);
  }
  for (auto* text :
       {R"({"address":""})", R"({"address":"a"})", R"({"address":"a:0"})", R"({"address":"a:65536"})"}) {
    auto no = parse_join(text);
    CAF_CHECK(!no && no.error().why == http_reason::bad_parameter);
    CAF_CHECK(!no && no.error().message.starts_with("address: "));
  }
}

CAF_TEST(the status is served as the cluster tells it) {
  plan->status = two_nodes();
  auto server = serve();
  auto answer = server.ask("GET", "/cluster");
  CAF_CHECK_EQUAL(answer.status, 200);
  CAF_CHECK_EQUAL(answer.header("content-type").value_or("none"), "application/json");
  CAF_CHECK_EQUAL(answer.body, cluster_json(two_nodes()));
  auto client = server.connect();
  client.send("HEAD", "/cluster/");
  CAF_CHECK_EQUAL(client.receive_to_head().status, 200);
}

CAF_TEST(each verb reaches the cluster as it was meant) {
  auto server = serve();
  auto client = server.connect();
  CAF_CHECK_EQUAL(client.request("POST", "/cluster/join", {}, R"({"address":"[::1]:9981"})").status, 204);
  CAF_CHECK_EQUAL(client.request("POST", "/cluster/leave", {}, "whatever").status, 204);
  CAF_CHECK_EQUAL(client.request("DELETE", "/cluster/members/lmq%40b%2Fc").status, 204);
  CAF_CHECK((plan->asked == words{"join ::1 9981", "leave", "forget lmq@b/c"}));
}

CAF_TEST(what the cluster refuses is told with its reason) {
  auto server = serve();
  auto client = server.connect();
  auto answers = [&](reason why, const char* method, const char* target, std::string_view body = {}) {
    plan->no = refusal{why, "a sentence"};
    return client.request(method, target, {}, body);
  };
  CAF_CHECK(refused(answers(reason::no_such_member, "DELETE", "/cluster/members/x"), 404, "no_such_member"));
  CAF_CHECK(refused(answers(reason::member_in_use, "DELETE", "/cluster/members/x"), 409, "member_in_use"));
  CAF_CHECK(refused(answers(reason::unavailable, "POST", "/cluster/leave"), 503, "unavailable"));
  auto join = answers(reason::unavailable, "POST", "/cluster/join", R"({"address":"a:1"})");
  CAF_CHECK_EQUAL(join.body, R"({"error":"unavailable","message":"a sentence"})");
}

CAF_TEST(a join without an address never reaches the cluster) {
  auto server = serve();
  auto client = server.connect();
  CAF_CHECK(refused(client.request("POST", "/cluster/join"), 400, "bad_json"));
  CAF_CHECK(refused(client.request("POST", "/cluster/join", {}, R"({"address":"a"})"), 400, "bad_parameter"));
  CAF_CHECK(plan->asked.empty());
  CAF_CHECK_EQUAL(client.request("GET", "/openapi.json").status, 200);
}

CAF_TEST(a node without a cluster says so to each of them) {
  running_server server;
  auto client = server.connect();
  for (auto& answer :
       {client.request("GET", "/cluster"),
        client.request("POST", "/cluster/join", {}, R"({"address":"127.0.0.1:1"})"),
        client.request("POST", "/cluster/leave"), client.request("DELETE", "/cluster/members/lmq@b")}) {
    CAF_CHECK(refused(answer, 409, "no_cluster"));
    CAF_CHECK(answer.body.find("started without --cluster HOST:PORT") != std::string::npos);
  }
}

CAF_TEST(a leave may take longer than any other answer) {
  limits.answer_timeout = 50ms;
  limits.answer_grace = 1ms;
  limits.leave_timeout = 400ms;
  plan->silent = true;
  auto server = serve();
  for (auto [method, target, limit] : {std::tuple{"GET", "/cluster", limits.answer_timeout},
                                       std::tuple{"DELETE", "/cluster/members/b", limits.answer_timeout},
                                       std::tuple{"POST", "/cluster/leave", limits.leave_timeout}}) {
    auto begun = std::chrono::steady_clock::now();
    CAF_CHECK(refused(server.ask(method, target), 503, "unavailable"));
    auto took = std::chrono::steady_clock::now() - begun;
    CAF_CHECK(took >= limit);
  }
  CAF_CHECK(gateway_limits{}.leave_timeout >= 10min);
}

CAF_TEST(a leave whose client goes is called off) {
  plan->silent = true;
  auto called_off = plan->called_off.get_future();
  auto server = serve();
  {
    auto client = server.connect();
    client.send("POST", "/cluster/leave");
  }
  CAF_CHECK(called_off.wait_for(10s) == std::future_status::ready);
}

CAF_TEST(a leave that no answer comes to in time is called off) {
  plan->silent = true;
  limits.answer_grace = 1ms;
  limits.leave_timeout = 10ms;
  auto called_off = plan->called_off.get_future();
  auto server = serve();
  CAF_CHECK(refused(server.ask("POST", "/cluster/leave"), 503, "unavailable"));
  CAF_CHECK(called_off.wait_for(10s) == std::future_status::ready);
}

CAF_TEST(a cluster that has ended is asked for anew at the supervisor) {
  auto server = serve();
  { caf::anon_send_exit(server.doors().cluster, caf::exit_reason::kill); }
  // This supervisor knows of no cluster, and its word counts.
  CAF_CHECK(refused(server.ask("GET", "/cluster"), 409, "no_cluster"));
}

CAF_TEST(the names of the nodes are those on the board when they are asked for) {
  auto server = serve();
  auto names = [&](const char* key) { return json::parse(server.ask("GET", "/stats").body)[key].dump(); };
  CAF_CHECK_EQUAL(names("all_nodes"), R"(["test@here"])");
  server.nodes().set({{"test@here"}, {"test@here", "test@there"}});
  CAF_CHECK_EQUAL(names("all_nodes"), R"(["test@here","test@there"])");
  CAF_CHECK_EQUAL(names("active_nodes"), R"(["test@here"])");
}

CAF_TEST_FIXTURE_SCOPE_END()
