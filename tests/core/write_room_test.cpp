// Room on a disk: taken before it is written, given back when a look sees it.
#define CAF_SUITE write_room

#include "core/write_room.hpp"

#include <caf/test/unit_test.hpp>
#include <thread>
#include <vector>

using namespace lmq;

namespace {

constexpr std::uint64_t cost_of(std::uint64_t bytes) {
  return write_room::writes_of_a_message * (bytes + write_room::bytes_beside);
}

} // namespace

CAF_TEST(before anybody has looked there is room for all) {
  write_share mine{std::make_shared<write_room>()};
  CAF_CHECK(mine.take(SIZE_MAX / 4));
  write_share nobodys;
  CAF_CHECK(nobodys.take(SIZE_MAX / 4));
}

CAF_TEST(what is taken is room no more and what is stored is none before the next look) {
  auto room = std::make_shared<write_room>();
  write_share mine{room}, yours{room};
  room->set(3 * cost_of(1000), room->stored());
  CAF_CHECK(mine.take(1000));
  CAF_CHECK(!room->should_look());
  CAF_CHECK(yours.take(1000));
  CAF_CHECK(room->should_look());
  CAF_CHECK(!mine.take(1001));
  CAF_CHECK(mine.take(1000));
  CAF_CHECK(!yours.take(0));
  mine.keep(0, 0);
  CAF_CHECK(!yours.take(0)); // the disk has it
  auto stored = room->stored();
  CAF_CHECK_EQUAL(stored, 2 * cost_of(1000));
  room->set(cost_of(1000), stored); // of which yours has all
  CAF_CHECK(!mine.take(0));
  room->set(2 * cost_of(1000), stored);
  CAF_CHECK(mine.take(1000));
}

CAF_TEST(a look does not count what is stored behind it) {
  auto room = std::make_shared<write_room>();
  write_share mine{room};
  room->set(2 * cost_of(1000), room->stored());
  CAF_CHECK(mine.take(1000));
  auto before = room->stored();
  mine.keep(0, 0); // after the look has seen the disk, or before: nobody knows
  room->set(cost_of(1000), before);
  CAF_CHECK(!mine.take(1000));
}

CAF_TEST(a share keeps what is not stored and gives the rest back and all at its end) {
  auto room = std::make_shared<write_room>();
  room->set(10 * cost_of(100), room->stored());
  {
    write_share mine{room};
    for (int i = 0; i < 3; ++i)
      CAF_CHECK(mine.take(100));
    mine.keep(2, 200);
    CAF_CHECK_EQUAL(room->stored(), cost_of(100));
    mine.keep(3, 300); // never more than it took
    CAF_CHECK_EQUAL(room->stored(), cost_of(100));
  }
  CAF_CHECK_EQUAL(room->stored(), 3 * cost_of(100));
}

CAF_TEST(no more is taken than there is by however many threads) {
  constexpr int threads = 4, rounds = 10'000;
  auto room = std::make_shared<write_room>();
  room->set(threads * rounds / 2 * cost_of(10), room->stored());
  std::atomic<int> taken{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      write_share mine{room};
      for (int i = 0; i < rounds; ++i)
        taken += mine.take(10) ? 1 : 0;
    });
  for (auto& t : all)
    t.join();
  CAF_CHECK(taken <= threads * rounds / 2);
  CAF_CHECK(taken > threads * rounds / 2 - threads); // who was refused had tried while another was, at worst
}
