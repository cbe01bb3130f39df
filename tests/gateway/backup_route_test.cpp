// The route of a backup: what it asks for, how its answers look, how long it may take.
#define CAF_SUITE backup_route

#include "gateway/http/json_backup.hpp"
#include "tests/gateway/running_server.hpp"

#include <caf/test/unit_test.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

/// Set up before the first request, looked at after the answer to the last.
struct backup_script {
  backup_outcome outcome;
  bool silent = false; ///< nothing is answered at all
  std::vector<std::string> asked;
};

class fake_backup final : public backup_handle::base {
public:
  fake_backup(caf::actor_config& config, std::shared_ptr<backup_script> s)
      : backup_handle::base(config), script_(std::move(s)) {}

  behavior_type make_behavior() override {
    return {[this](backup_atom, const std::string& directory) -> caf::result<backup_outcome> {
      script_->asked.push_back(directory);
      if (!script_->silent)
        return script_->outcome;
      open_.push_back(make_response_promise());
      return caf::delegated<backup_outcome>{};
    }};
  }

  void on_exit() override { open_.clear(); }

private:
  std::shared_ptr<backup_script> script_;
  std::vector<caf::response_promise> open_; ///< a promise that is dropped would answer
};

struct fixture {
  std::shared_ptr<backup_script> plan = std::make_shared<backup_script>();
  gateway_limits limits;
  backup_handle made; ///< ended by the test

  running_server serve() {
    return running_server{limits, [&](caf::actor_system& system) {
                            auto doors = start_broker(system, hook_catalog::built_in());
                            doors.backup = made = system.spawn<fake_backup>(plan);
                            return doors;
                          }};
  }

  void end() { caf::anon_send_exit(std::exchange(made, nullptr), caf::exit_reason::user_shutdown); }
};

constexpr std::string_view there = R"({"directory":"/there"})";

} // namespace

CAF_TEST(a backup is asked for with an absolute path) {
  CAF_CHECK(parse_backup(R"( {"directory" : "/a b"} )") == "/a b");
  for (auto* text : {"", "{", "[]", "{}", R"({"directory":1})", R"({"directory":"/a","to":"/b"})"}) {
    auto no = parse_backup(text);
    CAF_CHECK(!no && no.error().why == http_reason::bad_json);
  }
  for (auto* text : {R"({"directory":""})", R"({"directory":"a"})", R"({"directory":"/a\u0000b"})"}) {
    auto no = parse_backup(text);
    CAF_CHECK(!no && no.error().why == http_reason::bad_parameter);
  }
}

CAF_TEST_FIXTURE_SCOPE(backup_route_tests, fixture)

CAF_TEST(what became of a copy is told with its reason) {
  auto server = serve();
  auto client = server.connect();
  CAF_CHECK_EQUAL(client.request("POST", "/backup", {}, there).status, 204);
  CAF_CHECK((plan->asked == std::vector<std::string>{"/there"}));
  using kind = backup_outcome::kind;
  for (auto [what, status, word] :
       {std::tuple{kind::bad_directory, 409, "bad_directory"}, std::tuple{kind::no_space, 507, "no_space"},
        std::tuple{kind::failed, 503, "unavailable"}}) {
    plan->outcome = {what, "a sentence"};
    auto answer = client.request("POST", "/backup", {}, there);
    CAF_CHECK_EQUAL(answer.status, status);
    CAF_CHECK_EQUAL(answer.body, std::string(R"({"error":")") + word + R"(","message":"a sentence"})");
  }
  end();
}

CAF_TEST(a backup may take longer than any other answer) {
  limits.answer_timeout = 50ms;
  limits.answer_grace = 1ms;
  limits.backup_timeout = 300ms;
  plan->silent = true;
  auto server = serve();
  auto begun = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(server.ask("POST", "/backup", there).status, 503);
  CAF_CHECK(std::chrono::steady_clock::now() - begun >= limits.backup_timeout);
  end();
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a node without a disk says so) {
  running_server server;
  auto answer = server.ask("POST", "/backup", there);
  CAF_CHECK_EQUAL(answer.status, 409);
  CAF_CHECK(answer.body.starts_with(R"({"error":"no_storage","message":)"));
}
