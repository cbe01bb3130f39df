// Answers that clients do not take: when there is room for one more, and how long it is crowded.
#define CAF_SUITE outgoing_room

#include "gateway/outgoing_room.hpp"

#include "gateway/answer.hpp"

#include <caf/test/unit_test.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace lmq;

namespace {

constexpr std::size_t limit = 1000;

struct fixture {
  std::vector<std::pair<bool, std::size_t>> told;
  outgoing_room room{limit, [this](bool crowded, std::size_t held) { told.emplace_back(crowded, held); }};
};

message with_body(std::size_t bytes) {
  message m;
  m.content = payload::copy_of("", std::string(bytes, 'x'));
  return m;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(outgoing_room_tests, fixture)

CAF_TEST(an answer is let in while there is any room and none when it is full) {
  CAF_CHECK(room.let_in());
  room.change(999);
  CAF_CHECK(room.let_in());
  room.change(5000); // one may be larger than what is left, or it would never be answered
  CAF_CHECK(!room.let_in());
  CAF_CHECK_EQUAL(room.held_bytes(), 5999u);
  CAF_CHECK_EQUAL(room.refused(), 1u);
}

CAF_TEST(a full room is crowded only when somebody finds none) {
  room.change(2000);
  CAF_CHECK(!room.crowded());
  CAF_CHECK(!room.let_in());
  CAF_CHECK(room.crowded());
  CAF_CHECK_EQUAL(told, (std::vector<std::pair<bool, std::size_t>>{{true, 2000}}));
}

CAF_TEST(it is crowded until a quarter is free and meanwhile what fits is let in) {
  room.change(1000);
  CAF_CHECK(!room.let_in());
  room.change(std::size_t{0} - 249);
  CAF_CHECK(room.crowded());
  CAF_CHECK(room.let_in());
  room.change(std::size_t{0} - 1);
  CAF_CHECK(!room.crowded());
  CAF_CHECK_EQUAL(told, (std::vector<std::pair<bool, std::size_t>>{{true, 1000}, {false, 750}}));
}

CAF_TEST(each turn is told once) {
  room.change(1000);
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(!room.let_in());
  room.change(std::size_t{0} - 500);
  room.change(std::size_t{0} - 500);
  CAF_CHECK_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(room.refused(), 3u);
}

CAF_TEST(of many threads all give back what they held and it is not crowded in the end) {
  outgoing_room shared{limit};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i)
        if (shared.let_in()) {
          shared.change(400);
          shared.change(std::size_t{0} - 400);
        }
    });
  for (auto& t : threads)
    t.join();
  CAF_CHECK_EQUAL(shared.held_bytes(), 0u);
  CAF_CHECK(!shared.crowded());
}

CAF_TEST(what an answer takes is known before it is written) {
  CAF_CHECK_EQUAL(bulk_of(nothing{}), 0u);
  CAF_CHECK_EQUAL(bulk_of(push_outcome::stored), 0u);
  CAF_CHECK_EQUAL(bulk_of(metrics_text{std::string(70'000, 'x')}), 70'000u);
  auto name = std::make_shared<const std::string>("q");
  CAF_CHECK_EQUAL(bulk_of(delivered{name, {.lease = {}, .content = with_body(50'000)}}), 50'000u);
  auto parts = std::make_shared<const compound>(
    compound{{.id = {}, .content = with_body(1'000)}, {.id = {}, .content = with_body(2'000)}});
  CAF_CHECK_EQUAL(bulk_of(delivered{name, {.lease = {}, .content = parts}}), 3'000u);
  peeked_messages seen(1);
  seen.front().parts.resize(2);
  seen.front().parts.front().body = "abc";
  seen.front().parts.back().body = "d";
  CAF_CHECK_EQUAL(bulk_of(seen), 4u);
  CAF_CHECK(bulk_of(std::vector<queue_report>(100'000)) > 50'000'000u);
  queue_page page;
  page.queues.resize(1'000);
  CAF_CHECK(bulk_of(page) > 50'000u);
}

CAF_TEST_FIXTURE_SCOPE_END()
