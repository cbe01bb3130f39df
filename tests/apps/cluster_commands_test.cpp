// The commands of a cluster: what they ask, what they print, how they end.
#define CAF_SUITE cluster_commands

#include <caf/test/unit_test.hpp>

#include "apps/client/commands.hpp"
#include "apps/client/status_text.hpp"
#include "apps/client/table.hpp"
#include "tests/apps/run.hpp"
#include "tests/gateway/fake_cluster.hpp"
#include "tests/gateway/running_server.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

using namespace lmq;
using lmq::testing::finish;
using lmq::testing::holds;
using lmq::testing::is_one_line;

namespace {

/// What is written to it can be read back.
class scratch_file {
public:
  std::FILE* get() const { return file_.get(); }

  std::string text() const {
    std::string out;
    std::rewind(file_.get());
    for (int c = 0; (c = std::fgetc(file_.get())) != EOF;)
      out += static_cast<char>(c);
    return out;
  }

private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), &std::fclose};
};

/// A node of a cluster in this process, and the commands against it.
struct fixture {
  fixture() {
    plan->status = {"lmq@a",
                    true,
                    "",
                    {{"lmq@a", "127.0.0.1:9981", member_state::in_step, true, 0, 0},
                     {"lmq@b", "127.0.0.1:9982", member_state::syncing, false, 3, 20'480},
                     {"lmq@c", "", member_state::away, false, 0, 0}}};
  }

  template <class What>
  testing::finished run(What what) const {
    scratch_file out, err;
    auto code = client::run({.server = {{"127.0.0.1", server.port()}, ""}, .what = std::move(what)},
                            {stdin, out.get(), err.get()});
    return {static_cast<int>(code), out.text(), err.text()};
  }

  std::shared_ptr<test::cluster_script> plan = std::make_shared<test::cluster_script>();
  test::running_server server{
    gateway_limits{}, [this](caf::actor_system& system) { return test::clustered_broker(system, plan); }};
};

using words = std::vector<std::string>;

} // namespace

CAF_TEST(the columns of a table stand under each other) {
  CAF_CHECK_EQUAL(client::table_text({{"A", "LONG"}, {"ab", ""}, {"", "x"}}), "A   LONG\nab  -\n-   x\n");
  CAF_CHECK_EQUAL(client::table_text({{"A", "B"}, {"\xc3\xa4\xe2\x82\xac", "1"}, {"abc", "2"}}),
                  "A    B\n\xc3\xa4\xe2\x82\xac   1\nabc  2\n");
}

CAF_TEST(a name can not play with the terminal) {
  CAF_CHECK_EQUAL(client::table_text({{"\x1b[2J\n\x7f"}}), "\\x1b[2J\\x0a\\x7f\n");
  CAF_CHECK_EQUAL(client::table_text({{"\xc2\x9b"
                                       "2J\xc2\xa0"}}),
                  "\\x9b2J\xc2\xa0\n");
  CAF_CHECK_EQUAL(client::table_text({{"A", "B"}, {"a\xe2\x80\xa8", "1"}}), "A        B\na\\u2028  1\n");
}

CAF_TEST(a node without a cluster refuses all but the status) {
  testing::server_process alone;
  auto url = "http://127.0.0.1:" + std::to_string(alone.http_port());
  for (auto& line : {words{"join", "127.0.0.1:1"}, words{"leave"}, words{"forget", "lmq@b"}}) {
    auto all = line;
    all.insert(all.end(), {"--url", url});
    auto refused = testing::run(all);
    CAF_CHECK_EQUAL(refused.exit_code, 1);
    CAF_CHECK_EQUAL(refused.out, "");
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(refused.err.starts_with("lmq: this node was started without --cluster HOST:PORT; "));
  }
}

CAF_TEST(a node without a cluster shows itself and its queues) {
  testing::server_process alone{{.arguments = {"--name", "lmq@x"}}};
  auto url = "http://127.0.0.1:" + std::to_string(alone.http_port());
  CAF_REQUIRE_EQUAL(testing::run({"push", "jobs", "hello", "--url", url}).exit_code, 0);
  auto shown = testing::run({"status", "--url", url});
  CAF_CHECK_EQUAL(shown.exit_code, 0);
  CAF_CHECK_EQUAL(shown.err, "");
  CAF_CHECK_EQUAL(shown.out, "NODE   STATE  ADDRESS  LAG\n"
                             "lmq@x  alone  -        this node\n"
                             "\n"
                             "QUEUE  SIZE  HOME   COPIES  PROPERTIES\n"
                             "jobs   1     lmq@x  lmq@x   accum=0 retry=2 timeout=30\n");
  auto documents = nlohmann::json::parse(testing::run({"status", "--json", "--url", url}).out);
  CAF_CHECK(documents["cluster"].is_null());
  CAF_CHECK_EQUAL(documents["stats"]["queues"]["jobs"]["size"].get<int>(), 1);
}

CAF_TEST(without a server every one of them is exit code 3) {
  auto nowhere = "http://127.0.0.1:" + std::to_string(testing::free_port());
  for (auto& line : {words{"join", "127.0.0.1:1"}, words{"leave"}, words{"forget", "b"}, words{"status"}}) {
    auto all = line;
    all.insert(all.end(), {"--url", nowhere});
    auto unanswered = testing::run(all);
    CAF_CHECK_EQUAL(unanswered.exit_code, 3);
    CAF_CHECK(is_one_line(unanswered.err));
  }
}

CAF_TEST(what a server answers that is none is told and not believed) {
  for (auto cluster : {"", "{}", "[]", R"({"members":[{}],"serving":true})", "<html>"})
    CAF_CHECK(!client::status_text(cluster, R"({"all_nodes":["a"],"queues":{}})"));
  for (auto stats : {"", "{}", R"({"all_nodes":[],"queues":{}})", R"({"all_nodes":["a"],"queues":{"q":{}}})"})
    CAF_CHECK(!client::status_text("null", stats));
  CAF_CHECK(client::status_text("null", R"({"all_nodes":["a"],"queues":{}})").has_value());
}

CAF_TEST(a queue shows where it lives and whether it is down) {
  auto text = client::status_text(
    R"({"node":"a","serving":false,"reason":"nobody is heard","members":[]})",
    R"({"all_nodes":["a","b"],"queues":{)"
    R"("p":{"size":12,"home":"b","nodes":["a","b"],"down":false,"props":{"retry":1,"hooks":{"x":[]}}},)"
    R"("q":{"size":0,"nodes":["a"],"down":true,"props":{}}}})");
  CAF_REQUIRE(text.has_value());
  CAF_CHECK_EQUAL(*text, "a does not serve: nobody is heard\n"
                         "\n"
                         "NODE  STATE  ADDRESS  LAG\n"
                         "\n"
                         "QUEUE  SIZE  HOME  COPIES  PROPERTIES\n"
                         "p      12    b     a,b     retry=1 hooks={\"x\":[]}\n"
                         "q      0     -     a       DOWN\n");
}

CAF_TEST(the reason of a node that does not serve can not play with the terminal) {
  auto text = client::status_text("{\"node\":\"a\",\"serving\":false,\"reason\":\"no \xc2\x9b"
                                  "2J\",\"members\":[]}",
                                  R"({"all_nodes":["a"],"queues":{}})");
  CAF_REQUIRE(text.has_value());
  CAF_CHECK(text->starts_with("a does not serve: no \\x9b2J\n\n"));
}

CAF_TEST_FIXTURE_SCOPE(cluster_commands_tests, fixture)

CAF_TEST(the status shows every member with its lag) {
  auto shown = run(client::status{});
  CAF_CHECK_EQUAL(shown.exit_code, 0);
  CAF_CHECK_EQUAL(shown.err, "");
  CAF_CHECK_EQUAL(shown.out, "NODE   STATE    ADDRESS         LAG\n"
                             "lmq@a  in_step  127.0.0.1:9981  this node\n"
                             "lmq@b  syncing  127.0.0.1:9982  3 messages, 20KiB\n"
                             "lmq@c  away     -               0\n"
                             "\n"
                             "QUEUE  SIZE  HOME  COPIES  PROPERTIES\n");
}

CAF_TEST(the status as JSON is both documents as they are) {
  auto shown = run(client::status{.json = true});
  CAF_CHECK_EQUAL(shown.exit_code, 0);
  CAF_CHECK_EQUAL(shown.out, "{\"cluster\":" + server.ask("GET", "/cluster").body +
                               ",\"stats\":" + server.ask("GET", "/stats").body + "}\n");
  CAF_CHECK(nlohmann::json::accept(shown.out));
}

CAF_TEST(what is done is said by the exit code alone) {
  for (auto& done :
       {run(client::join{{"::1", 9981}}), run(client::leave{}), run(client::forget{"lmq@b/c"})}) {
    CAF_CHECK_EQUAL(done.exit_code, 0);
    CAF_CHECK_EQUAL(done.out + done.err, "");
  }
  CAF_CHECK((plan->asked == words{"join ::1 9981", "leave", "forget lmq@b/c"}));
}

CAF_TEST(what the cluster refuses is exit code 1 and its own sentence) {
  plan->no = refusal{reason::no_such_member, "there is no node lmq@z; lmq status lists those there are"};
  auto refused = run(client::forget{"lmq@z"});
  CAF_CHECK_EQUAL(refused.exit_code, 1);
  CAF_CHECK_EQUAL(refused.err, "lmq: there is no node lmq@z; lmq status lists those there are\n");
  plan->no = refusal{reason::unavailable, "nobody answers at 127.0.0.1:1"};
  CAF_CHECK_EQUAL(run(client::join{{"127.0.0.1", 1}}).err, "lmq: nobody answers at 127.0.0.1:1\n");
  CAF_CHECK_EQUAL(run(client::leave{}).exit_code, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
