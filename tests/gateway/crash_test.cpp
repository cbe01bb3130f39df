// An exception out of a connection's turn: it ends that connection, is counted, and nobody else notices.
#define CAF_SUITE crash

#include "core/fault_point.hpp"
#include "tests/gateway/rpc_fixture.hpp"

#include <stdexcept>
#include <utility>

using namespace lmq;
using namespace lmq::test;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

const lease_id lease{{1, 2}, 3};

/// Does not become a payload.
struct broken_payload {
  operator payload() const { throw std::runtime_error("no payload"); }
};

/// A delivery over which whoever renders it breaks: its parcel holds neither alternative.
pulled broken_delivery() {
  auto d = some_delivery(lease, "x");
  try {
    d.delivery->content.emplace<message>(broken_payload{}, nullptr);
  } catch (const std::runtime_error&) {
    // It is broken now.
  }
  CAF_REQUIRE(d.delivery->content.valueless_by_exception());
  return d;
}

struct fixture : rpc_fixture {
  /// The first pull breaks whoever renders its answer, the next ones are served well.
  running_server serve_broken() const {
    plan->on_pull = [this](fake_queue& q) {
      q.pull->deliver(plan->pulling.size() == 1 ? broken_delivery() : some_delivery(lease, "sound"));
    };
    return serve();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(crash_tests, fixture)

CAF_TEST(an http connection that breaks over a delivery is closed and the delivery goes back) {
  auto server = serve_broken();
  auto neighbour = server.connect();
  CAF_CHECK_EQUAL(neighbour.request("OPTIONS", "*").status, 204);
  auto broken = server.connect();
  broken.send("GET", "/messages/q");
  CAF_CHECK(broken.closed_by_peer());
  CAF_CHECK_EQUAL(server.server().crashes(), 1u);
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
  CAF_CHECK(plan->given_back == std::vector{lease});
  CAF_CHECK_EQUAL(neighbour.request("GET", "/messages/q").body, "sound");
}

CAF_TEST(an rpc connection that breaks over a delivery is closed and the delivery goes back) {
  auto server = serve_broken();
  auto neighbour = server.call();
  auto waiting = neighbour.begin("get_default_props");
  auto broken = server.call();
  broken.begin("pull", {"q"});
  CAF_CHECK(broken.ended_by_peer());
  CAF_CHECK_EQUAL(server.server().crashes(), 1u);
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
  CAF_CHECK(plan->given_back == std::vector{lease});
  CAF_CHECK_EQUAL(neighbour.await(waiting).result, array({}));
  CAF_CHECK_EQUAL(server.connect().request("GET", "/messages/q").body, "sound");
}

CAF_TEST(a server stops as always after a connection has broken) {
  auto server = serve_broken();
  auto broken = server.call();
  broken.begin("pull", {"q"});
  CAF_CHECK(broken.ended_by_peer());
  CAF_CHECK(server.end_of_stop(server.begin_stop()));
}

#ifdef LMQ_FAULTS

CAF_TEST(a request whose reply breaks the connection is answered 503 and a delivery in it goes back) {
  plan->on_pull = [](fake_queue& q) {
    fault_plan::once_at(1); // the reply
    q.pull->deliver(some_delivery(lease, "x"));
  };
  auto server = serve();
  auto client = server.connect();
  CAF_CHECK_EQUAL(client.request("GET", "/messages/q").status, 503);
  CAF_CHECK(client.closed_by_peer());
  CAF_CHECK_EQUAL(server.server().crashes(), 1u);
  CAF_CHECK(server.soon([&] { return !plan->given_back.empty(); }));
}

CAF_TEST(a connection that breaks while it reads or writes is closed and the next one is served) {
  auto server = serve();
  auto break_at = [&](std::uint64_t reading, std::uint64_t answering) {
    plan->on_push = [answering](fake_queue& q) {
      fault_plan::once_at(answering);
      q.push->deliver(push_outcome::stored);
    };
    auto web = server.connect();
    fault_plan::once_at(reading);
    web.send("POST", "/messages/q", {}, "x");
    CAF_CHECK(web.closed_by_peer());
    auto rpc = server.call();
    fault_plan::once_at(reading);
    rpc.begin("push", {"q", 1});
    CAF_CHECK(rpc.ended_by_peer());
    fault_plan::never();
    CAF_CHECK_EQUAL(server.connect().request("OPTIONS", "*").status, 204);
  };
  break_at(1, 0); // as soon as something has come
  CAF_CHECK_EQUAL(server.server().crashes(), 2u);
  break_at(0, 2); // behind the reply, as its answer is written
  CAF_CHECK_EQUAL(server.server().crashes(), 4u);
}

#endif

CAF_TEST_FIXTURE_SCOPE_END()
