// What messages take in memory, summed up, and the gate that follows from it.
#define CAF_SUITE memory_account

#include "core/memory_account.hpp"

#include <caf/test/unit_test.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace lmq;

namespace {

constexpr std::size_t limit = 1000;

struct fixture {
  using room = memory_account::room;

  std::shared_ptr<memory_account> account_of(std::size_t most) {
    return std::make_shared<memory_account>(
      most, pushes, [this](room now, std::size_t held) { told.emplace_back(now, held); });
  }

  bool closed() const { return pushes->refused().has_value(); }

  std::shared_ptr<push_gate> pushes = std::make_shared<push_gate>();
  std::vector<std::pair<room, std::size_t>> told;
  std::shared_ptr<memory_account> account = account_of(limit);
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(memory_account_tests, fixture)

CAF_TEST(up to the limit pushes pass and beyond it none does) {
  memory_share one{account}, other{account};
  one.hold(400);
  other.hold(600);
  CAF_CHECK(!closed());
  other.hold(601);
  CAF_CHECK(closed());
  CAF_CHECK_EQUAL(account->held_bytes(), 1001u);
}

CAF_TEST(a refusal is no_space and names the limit and what to do) {
  memory_share one{account};
  one.hold(limit + 1);
  auto no = pushes->refused();
  CAF_REQUIRE(no);
  CAF_CHECK(no->why == reason::no_space);
  for (const char* word : {"--memory-limit", "1000 bytes", "pull", "push again"})
    CAF_CHECK(no->detail.find(word) != std::string::npos);
}

CAF_TEST(moves pass where clients do not ) {
  memory_share one{account};
  one.hold(limit + 1);
  CAF_CHECK(!pushes->move_refused());
}

CAF_TEST(pushes pass again when a tenth is free) {
  memory_share one{account};
  one.hold(limit + 1);
  one.hold(901);
  CAF_CHECK(closed());
  one.hold(900);
  CAF_CHECK(!closed());
  one.hold(limit);
  CAF_CHECK(!closed());
}

CAF_TEST(each turn of the gate is told once) {
  memory_share one{account};
  for (std::size_t bytes : {1001, 1002, 950, 1001, 800, 900, 1001})
    one.hold(bytes);
  CAF_REQUIRE_EQUAL(told.size(), 3u);
  CAF_CHECK(told[0] == (std::pair{room::none, std::size_t{1001}}));
  CAF_CHECK(told[1] == (std::pair{room::enough, std::size_t{800}}));
  CAF_CHECK(told[2] == (std::pair{room::none, std::size_t{1001}}));
}

CAF_TEST(a share that ends gives back what it had) {
  memory_share one{account};
  one.hold(100);
  {
    memory_share other{account};
    other.hold(limit);
    CAF_CHECK(closed());
  }
  CAF_CHECK(!closed());
  CAF_CHECK_EQUAL(account->held_bytes(), 100u);
}

CAF_TEST(a limit of nothing lets the first message in and the second when that is gone) {
  auto nothing = account_of(0);
  memory_share one{nothing};
  CAF_CHECK(!closed());
  one.hold(1);
  CAF_CHECK(closed());
  one.hold(0);
  CAF_CHECK(!closed());
}

CAF_TEST(room in memory opens nothing that the disk has closed) {
  pushes->close(push_gate::watched::disk, push_gate::closed_for::all, {reason::no_space, "the disk"});
  memory_share one{account};
  one.hold(limit + 1);
  one.hold(0);
  auto no = pushes->refused();
  CAF_REQUIRE(no);
  CAF_CHECK_EQUAL(no->detail, "the disk");
}

CAF_TEST(when the node stops the gate stays as it is and nothing is told) {
  memory_share one{account};
  one.hold(limit + 1);
  account->stop();
  one.hold(0);
  CAF_CHECK(closed());
  CAF_CHECK_EQUAL(told.size(), 1u);
}

CAF_TEST(a share of no account counts nothing) {
  memory_share one;
  one.hold(limit + 1);
  CAF_CHECK(!closed());
}

CAF_TEST(the gate fits what is held when several threads have changed it) {
  constexpr int threads = 4, rounds = 200, steps = 50;
  const char* given = std::getenv("LMQ_SEED");
  auto seed = given != nullptr ? std::stoul(given) : std::random_device{}();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  std::vector<std::unique_ptr<memory_share>> shares;
  for (int i = 0; i < threads; ++i)
    shares.push_back(std::make_unique<memory_share>(account));
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i)
      all.emplace_back(
        [&share = *shares[static_cast<std::size_t>(i)],
         random = std::minstd_rand{static_cast<unsigned>(seed + round * threads + i)}]() mutable {
          for (int step = 0; step < steps; ++step)
            share.hold(random() % (limit / 2));
        });
    for (auto& one : all)
      one.join();
    auto held = account->held_bytes();
    if (held > limit)
      CAF_REQUIRE(closed());
    if (held <= limit - limit / memory_account::free_share)
      CAF_REQUIRE(!closed());
  }
  bool turns = true;
  for (std::size_t i = 0; i < told.size(); ++i)
    turns = turns && told[i].first == (i % 2 == 0 ? room::none : room::enough);
  CAF_CHECK(turns);
  shares.clear();
  CAF_CHECK_EQUAL(account->held_bytes(), 0u);
  CAF_CHECK(!closed());
}

CAF_TEST_FIXTURE_SCOPE_END()
