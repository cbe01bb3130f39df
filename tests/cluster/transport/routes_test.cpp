// Addresses that are kept: when they are tried again.
#define CAF_SUITE routes

#include <caf/test/unit_test.hpp>

#include "cluster/transport/routes.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr auto address = "127.0.0.1:7000";

struct fixture {
  routes all{1};
  routes::time_point now{1h};
  transport_peer right{"right", 2, "127.0.0.1", 7000, 1};

  fixture() { all.keep("127.0.0.1", 7000); }

  routes::attempt begun() { return all.begin(address, now).value(); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(routes_tests, fixture)

CAF_TEST(pauses double up to the last and each is a fifth longer or shorter at most) {
  for (auto expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    auto pause = all.fail(begun());
    CAF_CHECK(pause >= expected * 4 / 5);
    CAF_CHECK(pause <= expected * 6 / 5);
  }
}

CAF_TEST(one attempt at a time is under way) {
  CAF_CHECK(!all.keep("127.0.0.1", 7000));
  auto first = begun();
  CAF_CHECK(!all.begin(address, now));
  all.fail(first);
  auto second = begun();
  CAF_CHECK(all.find(first) == nullptr);
  CAF_CHECK(all.find(second) != nullptr);
}

CAF_TEST(what is forgotten is not tried and its attempt counts no more) {
  auto which = begun();
  all.forget("127.0.0.1", 7000);
  CAF_CHECK(all.find(which) == nullptr);
  CAF_CHECK(!all.begin(address, now));
}

CAF_TEST(a link that stood is dialled again at once) {
  all.fail(begun());
  all.link(begun(), right);
  CAF_CHECK(!all.begin(address, now));
  auto again = all.unlink(2, now + 1s);
  CAF_REQUIRE_EQUAL(again.size(), 1u);
  CAF_CHECK(again.front().after == 0ms);
  CAF_CHECK_EQUAL(all.find(begun())->peer, "right");
}

CAF_TEST(a link that falls at once is dialled ten times a second at most) {
  for (int i = 0; i < 10; ++i) {
    all.link(begun(), right);
    auto again = all.unlink(2, now + 30ms);
    CAF_REQUIRE_EQUAL(again.size(), 1u);
    CAF_CHECK(again.front().after == 70ms);
    now += 100ms;
  }
}

CAF_TEST(pauses begin anew after a link) {
  for (int i = 0; i < 5; ++i)
    all.fail(begun());
  all.link(begun(), right);
  all.unlink(2, now + 1s);
  CAF_CHECK(all.fail(begun()) <= 120ms);
}

CAF_TEST(an address that leads home is left alone) {
  auto which = begun();
  all.is_our_own(which);
  CAF_CHECK(!all.begin(address, now));
  CAF_CHECK(all.unlink(2, now).empty());
}

CAF_TEST(a peer that calls spares dialling it) {
  all.link_those_of(right);
  CAF_CHECK(!all.begin(address, now));
  CAF_CHECK(all.unlink(1, now).empty());
  CAF_CHECK_EQUAL(all.unlink(2, now + 1s).size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
