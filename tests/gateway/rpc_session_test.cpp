// An RPC connection over the loopback: calls side by side, their answers, and what is no call.
#define CAF_SUITE rpc_session

#include "tests/gateway/rpc_fixture.hpp"

#include <string>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

const lease_id lease{{1, 2}, 3};

} // namespace

CAF_TEST_FIXTURE_SCOPE(rpc_session_tests, rpc_fixture)

CAF_TEST(a message goes in and comes out and is done with) {
  running_server server;
  auto client = server.call();
  CAF_CHECK_EQUAL(client.call("push", {"q", array({1, "two"})}).result, packed{"ok"});
  auto pulled = client.call("pull", {"q", 0});
  CAF_CHECK_EQUAL(in_message(pulled, "content"), array({1, "two"}));
  auto id = in_message(pulled, "id");
  CAF_CHECK_EQUAL(client.call("done", {"q", id}).result, packed{"ok"});
  CAF_CHECK_EQUAL(client.call("done", {"q", id}).error, packed{"not_found"});
  CAF_CHECK(is_empty(client.call("pull", {"q", 0})));
}

CAF_TEST(calls for one queue keep their order also while the way to it is not known) {
  constexpr int calls = 2'000;
  running_server server;
  auto client = server.call();
  std::string burst;
  for (int i = 0; i < calls; ++i)
    burst += render_call(i, "push", {"q", i});
  client.send_raw(burst);
  for (int i = 0; i < calls; ++i)
    CAF_REQUIRE(!client.receive().value().is_error());
  for (int i = 0; i < calls; ++i)
    CAF_REQUIRE_EQUAL(in_message(client.call("pull", {"q", 0}), "content"), packed{i});
}

CAF_TEST(a client that goes away cancels its pulls and what was on its way goes back) {
  std::optional<caf::typed_response_promise<pulled>> late;
  plan->on_pull = [&](fake_queue& q) { late = q.pull; };
  plan->on_push = [&](fake_queue& q) {
    late->deliver(some_delivery(lease, "x"));
    q.push->deliver(push_outcome::stored);
  };
  auto server = serve({});
  {
    auto waiter = server.call();
    waiter.begin("pull", {"q"});
    CAF_REQUIRE(server.soon([&] { return !plan->pulling.empty(); }));
  }
  CAF_CHECK(server.soon([&] { return !plan->cancelled.empty(); }));
  CAF_CHECK(plan->cancelled == plan->pulling);
  CAF_CHECK_EQUAL(server.call().call("push", {"q", 1}).result, packed{"ok"});
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
  late.reset();
}

CAF_TEST(a client may end its side as soon as it has called) {
  running_server server;
  auto client = server.call();
  client.begin("pull", {"q", 20});
  auto pushed = client.begin("push", {"r", 1});
  client.send_raw("\x94"); // cut off
  client.connection().shut_sending();
  CAF_CHECK_EQUAL(client.await(pushed).result, packed{"ok"});
  CAF_CHECK(!client.receive()); // the pull is forgotten
  CAF_CHECK_EQUAL(in_message(server.call().call("pull", {"r", 0}), "content"), packed{1});
}

CAF_TEST(a pull that is told to nobody takes no message) {
  running_server server;
  auto client = server.call();
  client.notify("push", {"q", 1});
  client.notify("pull", {"q", 0});
  client.notify("pull_any", {"q", 0});
  CAF_CHECK_EQUAL(in_message(client.call("pull", {"q", 0}), "retry"), packed{2});
}

CAF_TEST(what is no frame ends the connection with its reason and the id that is known) {
  running_server server;
  struct wrong {
    std::string bytes;
    packed id;
    const char* why;
  };
  for (auto& [bytes, id, why] :
       std::vector<wrong>{{"\xc1", nullptr, "bad_request"},
                          {"GET /", nullptr, "bad_request"},
                          {from_hex("94 00 07 c1"), 7, "bad_request"},
                          {from_hex("94 00 07 db ff ff ff ff"), 7, "body_too_large"},
                          {from_hex("94 00 07 01 90"), 7, "undef"},
                          {array({0, 7, "push"}).bytes(), nullptr, "bad_request"},
                          {"\x94" + std::string(1'000, '\x91'), nullptr, "bad_request"}}) {
    auto client = server.call();
    client.send_raw(bytes);
    auto answer = client.receive();
    CAF_REQUIRE(answer);
    CAF_CHECK_EQUAL(answer->id, id);
    CAF_CHECK_EQUAL(answer->error, packed{why});
    if (std::string_view{why} != "undef")
      CAF_CHECK(client.ended_by_peer());
  }
}

CAF_TEST(values of every size come back as they were) {
  running_server server;
  auto client = server.call();
  for (std::size_t bytes : {0u, 31u, 32u, 900u, 1'023u, 2'048u, 65'535u, 65'536u, 3'000'000u}) {
    auto value = bin(std::string(bytes, '\x93'));
    CAF_CHECK_EQUAL(client.call("push", {"q", value}).result, packed{"ok"});
    CAF_CHECK(in_message(client.call("pull", {"q", 0}), "content") == value);
  }
}

CAF_TEST(calls before what is no frame are answered) {
  running_server server;
  auto client = server.call();
  client.begin("pull", {"r"});
  client.send_raw(render_call(11, "push", {"q", 1}) + render_call(12, "push_all", {"^q", 2}) + "\xc1" +
                  render_call(13, "push", {"q", 3}));
  for (int answers = 0; answers < 2; ++answers)
    CAF_CHECK(client.receive().value().result == packed{"ok"});
  CAF_CHECK(client.receive().value().error == packed{"bad_request"});
  CAF_CHECK(client.ended_by_peer());
  auto other = server.call();
  CAF_CHECK_EQUAL(in_message(other.call("pull", {"q", 0}), "content"), packed{1});
}

CAF_TEST_FIXTURE_SCOPE_END()
