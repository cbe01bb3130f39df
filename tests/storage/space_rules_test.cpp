// When space is short, and what is done about it: figures in, orders out.
#define CAF_SUITE space_rules

#include "storage/ballast.hpp"
#include "storage/space_rules.hpp"
#include "tests/support/temporary_folder.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t reserve = 1000, ballast_bytes = 400;

/// Looks at figures that a test changes.
struct watched {
  space_rules rules{{.reserve = reserve, .used_max = std::nullopt}};
  space_figures there{.free = 10'000, .ballast = ballast_bytes, .ballast_taken = true};
  time_point now{};
  space_orders orders{};

  shortage look() {
    orders = rules.look(there, now);
    return rules.shortage_now();
  }
};

} // namespace

CAF_TEST(pushes are refused below the reserve and taken again a tenth above it) {
  watched w;
  w.there.free = reserve;
  CAF_CHECK(w.look() == shortage::none);
  w.there.free = reserve - 1;
  CAF_CHECK(w.look() == shortage::reserve);
  w.there.free = reserve + reserve / 10 - 1;
  CAF_CHECK(w.look() == shortage::reserve);
  w.there.free = reserve + reserve / 10;
  CAF_CHECK(w.look() == shortage::none);
}

CAF_TEST(moves pass into half of the reserve and a tenth beyond the limit) {
  watched w;
  w.there.unflushed = 100;
  w.there.free = 100 + reserve / 2;
  CAF_CHECK(w.look() == shortage::reserve);
  CAF_CHECK(w.rules.moves_pass());
  --w.there.free;
  w.look();
  CAF_CHECK(!w.rules.moves_pass());
  w.there.free = 10'000;
  w.look();
  CAF_CHECK(w.rules.moves_pass());

  space_rules of_limit{{.reserve = 0, .used_max = 1000}};
  of_limit.look({.free = 10'000, .used = 1100}, {});
  CAF_CHECK(of_limit.shortage_now() == shortage::limit && of_limit.moves_pass());
  of_limit.look({.free = 10'000, .used = 1101}, {});
  CAF_CHECK(!of_limit.moves_pass());
}

CAF_TEST(there is room down to what is kept and to the limit and none while space is short) {
  watched w;
  w.there.unflushed = 300;
  w.there.free = reserve + 300 + 42;
  w.look();
  CAF_CHECK_EQUAL(w.rules.room(), 42u);
  w.there.free = reserve + 299;
  w.look();
  CAF_CHECK_EQUAL(w.rules.room(), 0u);

  space_rules of_limit{{.reserve = 0, .used_max = 1000}};
  of_limit.look({.free = 10'000, .used = 900}, {});
  CAF_CHECK_EQUAL(of_limit.room(), 100u);
  of_limit.look({.free = 50, .used = 900}, {});
  CAF_CHECK_EQUAL(of_limit.room(), 50u);
}

CAF_TEST(what a flush will take is kept beside the reserve) {
  watched w;
  w.there.unflushed = 300;
  w.there.free = reserve + 299;
  CAF_CHECK(w.look() == shortage::reserve);
  w.there.unflushed = 10;
  CAF_CHECK(w.look() == shortage::none);
}

CAF_TEST(what a merge will take is kept beside the reserve) {
  watched w;
  w.there.merging = 300;
  w.there.free = reserve + 299;
  CAF_CHECK(w.look() == shortage::reserve);
}

CAF_TEST(a merge that found no room is tried again once a second while there is some) {
  watched w;
  w.there.merges_stopped = true;
  w.look();
  CAF_CHECK(w.orders.resume_merges);
  w.look();
  CAF_CHECK(!w.orders.resume_merges);
  w.now += space_rules::between_resumes;
  w.there.ballast_taken = false;
  w.there.free = ballast_bytes / 4 - 1;
  w.look();
  CAF_CHECK(!w.orders.resume_merges);
  w.there.free = ballast_bytes / 4;
  w.look();
  CAF_CHECK(w.orders.resume_merges);
}

CAF_TEST(where many tables wait to be merged no more are made) {
  watched w;
  w.there.free = 0;
  w.there.deletions_unflushed = w.there.merges_wait = true;
  w.look();
  w.now += space_rules::between_flushes;
  w.look();
  CAF_CHECK(!w.orders.flush);
  w.there.merges_wait = false;
  w.look();
  CAF_CHECK(w.orders.flush);
}

CAF_TEST(a ballast that is not taken counts as missing until there is room for it) {
  watched w;
  w.there.ballast_taken = false;
  w.there.free = reserve + ballast_bytes - 1;
  CAF_CHECK(w.look() == shortage::reserve);
  CAF_CHECK(!w.orders.take_ballast);
  w.there.free = reserve + reserve / 10 + ballast_bytes;
  CAF_CHECK(w.look() == shortage::none);
  CAF_CHECK(w.orders.take_ballast);
}

CAF_TEST(the ballast is given back before what a flush takes is touched) {
  watched w;
  w.there.unflushed = 300;
  w.there.free = 400;
  w.look();
  CAF_CHECK(!w.orders.give_ballast_back);
  w.there.free = 399;
  w.look();
  CAF_CHECK(w.orders.give_ballast_back);
  CAF_CHECK(
    space_rules::needs_ballast({.free = 400, .unflushed = 300, .ballast = 400, .ballast_taken = true}, 1));
  CAF_CHECK(!space_rules::needs_ballast({.free = 0, .unflushed = 300, .ballast = 400}, 1));
}

CAF_TEST(where space is short deletions are flushed once a second and nothing else is) {
  watched w;
  w.look();
  CAF_CHECK(!w.orders.flush);
  w.there.deletions_unflushed = true;
  w.look();
  CAF_CHECK(!w.orders.flush);
  w.there.free = reserve - 1;
  w.look();
  CAF_CHECK(w.orders.flush);
  w.look();
  CAF_CHECK(!w.orders.flush);
  w.now += space_rules::between_flushes;
  w.look();
  CAF_CHECK(w.orders.flush);
  w.now += space_rules::between_flushes;
  w.there.deletions_unflushed = false;
  w.look();
  CAF_CHECK(!w.orders.flush);
}

CAF_TEST(a flush that has no room is not asked for) {
  watched w;
  w.there.ballast_taken = false;
  w.there.unflushed = 300;
  w.there.free = 299;
  w.look();
  CAF_CHECK(!w.orders.flush);
  w.there.ballast_taken = true;
  w.look();
  CAF_CHECK(w.orders.give_ballast_back);
  CAF_CHECK(w.orders.flush);
}

CAF_TEST(a directory beyond its limit takes pushes again a tenth below it) {
  watched w;
  w.rules = space_rules{{.reserve = reserve, .used_max = 1000}};
  w.there.used = 1001;
  CAF_CHECK(w.look() == shortage::limit);
  w.there.used = 901;
  CAF_CHECK(w.look() == shortage::limit);
  w.there.used = 900;
  CAF_CHECK(w.look() == shortage::none);
}

CAF_TEST(a ballast takes space gives it back and leaves nothing of an earlier life) {
  testing::temporary_folder folder;
  auto file = folder.path("ballast");
  {
    ballast b{file, 1 << 20};
    CAF_CHECK(!b.taken());
    CAF_REQUIRE(b.take());
    CAF_CHECK_EQUAL(std::filesystem::file_size(file), 1u << 20);
    CAF_CHECK(b.take());
    CAF_CHECK(b.give_back());
    CAF_CHECK(!b.give_back());
    CAF_CHECK(!std::filesystem::exists(file));
    CAF_CHECK(b.take());
  }
  CAF_CHECK(std::filesystem::exists(file));
  ballast next{file, 1 << 20};
  CAF_CHECK(!std::filesystem::exists(file));
  CAF_CHECK(!ballast(file, 0).take());
}
