// Rows as bytes: what is written is read again, and what is no row is refused.
#define CAF_SUITE format

#include "storage/bytes.hpp"
#include "storage/format.hpp"
#include "tests/storage/row_model.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>

using namespace lmq;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t now_ms = 1'700'000'000'000;

std::string message_value(const stored_message& m) {
  return format::message_head(m) + std::string(m.content.content.body());
}

stored_unit unit_with(std::optional<duration> lease, std::optional<duration> window) {
  stored_unit u;
  u.unit = {1, 2};
  u.compound = true;
  u.parts = {{1, 2}};
  u.state.lease = lease;
  u.window = window;
  return u;
}

duration lease_after(duration lease, std::uint64_t wall_ms) {
  auto u = format::decode_unit({1, 2}, format::unit_value(unit_with(lease, lease / 2), now_ms), wall_ms);
  CAF_REQUIRE(u && u->state.lease && u->window);
  CAF_CHECK(*u->window <= *u->state.lease);
  return *u->state.lease;
}

std::string text_of_one(const stored_message& m) {
  stored_state s;
  s.queues["q"].messages.push_back(m);
  return text_of(s);
}

std::string text_of_one(const stored_unit& u) {
  stored_state s;
  s.queues["q"].units.push_back(u);
  return text_of(s);
}

} // namespace

CAF_TEST(keys are in the order of their numbers) {
  CAF_CHECK(format::message_key(1, {5, 255}) < format::message_key(1, {5, 256}));
  CAF_CHECK(format::message_key(1, {255, 9}) < format::message_key(1, {256, 1}));
  CAF_CHECK(format::message_key(255, {9, 9}) < format::message_key(256, {1, 1}));
  auto names = format::parse_queue_and_id(format::unit_key(7, {8, 9}));
  CAF_REQUIRE(names);
  CAF_CHECK(names->queue == 7 && names->id == (message_id{8, 9}));
  CAF_CHECK(!format::parse_queue_and_id("m123"));
  CAF_CHECK(!format::parse_queue_and_id(format::unit_key(7, {8, 9}) + "x"));
}

CAF_TEST(messages and units come back as they were) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  dice random(seed);
  row_maker make(random);
  for (int i = 0; i < 500; ++i) {
    auto m = make.a_message();
    auto m2 = format::decode_message(m.id, message_value(m));
    CAF_REQUIRE(m2);
    CAF_CHECK(text_of_one(m) == text_of_one(*m2));
    auto u = make.a_unit_of({{1, 2}, {3, 4}});
    auto u2 = format::decode_unit(u.unit, format::unit_value(u, now_ms), now_ms);
    CAF_REQUIRE(u2);
    CAF_CHECK(text_of_one(u) == text_of_one(*u2));
  }
}

CAF_TEST(the largest numbers are kept) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  auto c = format::decode_context(format::context_value({{0, 0}, {2, most}}));
  CAF_REQUIRE(c && c->size() == 2);
  CAF_CHECK(c->back() == (id_set::interval{2, most}));
  auto n = format::decode_number(format::number_value(most));
  CAF_CHECK(n && *n == most);
  stored_message m;
  m.retries_left = std::numeric_limits<std::uint32_t>::max();
  m.place = most;
  auto m2 = format::decode_message({}, message_value(m));
  CAF_CHECK(m2 && m2->place == most && m2->retries_left == m.retries_left);
  auto u = format::decode_unit({1, 2}, format::unit_value(unit_with(duration::max(), {}), most), 0);
  CAF_CHECK(u && u->state.lease == duration::max());
}

CAF_TEST(what is left of a lease counts on with the wall clock and never grows) {
  CAF_CHECK(lease_after(10s, now_ms) == 10s);
  CAF_CHECK(lease_after(10s, now_ms + 4000) == 6s);
  CAF_CHECK(lease_after(10s, now_ms + 10'000) == 0s);
  CAF_CHECK(lease_after(10s, std::numeric_limits<std::uint64_t>::max()) == 0s);
  CAF_CHECK(lease_after(10s, now_ms - 3'600'000) == 10s);
  CAF_CHECK(lease_after(10s, 0) == 10s);
  CAF_CHECK(lease_after(-1s, now_ms) == 0s);
  CAF_CHECK(lease_after(duration::max(), std::numeric_limits<std::uint64_t>::max()) == 0s);
}

CAF_TEST(a newer version of a value is called that) {
  auto value = format::unit_value(unit_with(1s, {}), now_ms);
  value[0] = 2;
  auto u = format::decode_unit({1, 2}, value, now_ms);
  CAF_CHECK(!u && u.error() == format::flaw::newer);
  value[0] = 0;
  u = format::decode_unit({1, 2}, value, now_ms);
  CAF_CHECK(!u && u.error() == format::flaw::malformed);
}

CAF_TEST(counts larger than what follows are refused before room is made) {
  std::string value("\x01\x00", 2);
  for (int i = 0; i < 4; ++i)
    put_number(value, 1);
  put_u32(value, 1);
  put_number(value, std::numeric_limits<std::uint64_t>::max());
  CAF_CHECK(!format::decode_unit({1, 2}, value, now_ms));
  std::string list("\x01");
  put_number(list, std::uint64_t{1} << 60);
  CAF_CHECK(!format::decode_context(list));
}

CAF_TEST(altered values never do worse than to be refused) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  dice random(seed);
  row_maker make(random, 60);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string value;
    switch (i % 5) {
    case 0: value = message_value(make.a_message()); break;
    case 1: value = format::unit_value(make.a_unit_of({{1, 2}, {3, 4}}), now_ms); break;
    case 2: value = format::context_value({{1, 2}, {10, 400}}); break;
    case 3: value = format::number_value(random.below(1000)); break;
    case 4: value = format::directory_value({}); break;
    }
    if (random.one_in(2))
      value.resize(random.below(value.size() + 1));
    for (auto n = random.below(4); n-- > 0 && !value.empty();)
      value[random.below(value.size())] = static_cast<char>(random.below(256));
    refused += format::decode_message({}, value) ? 0 : 1;
    refused += format::decode_unit({}, value, now_ms) ? 0 : 1;
    refused += format::decode_context(value) ? 0 : 1;
    refused += format::decode_number(value) ? 0 : 1;
    refused += format::decode_directory(value) ? 0 : 1;
    refused += format::decode_text(value) ? 0 : 1;
  }
  CAF_CHECK(refused > 20'000);
}
