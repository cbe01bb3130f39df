// Names of messages, leases and waiters: unique, and lease ids survive the way over the wire as text.
#define CAF_SUITE ids

#include "core/ids.hpp"

#include <algorithm>
#include <caf/test/unit_test.hpp>
#include <limits>
#include <random>
#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

using namespace lmq;

namespace {

constexpr auto max64 = std::numeric_limits<std::uint64_t>::max();
constexpr auto max32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view wire_alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

std::vector<lease_id> leases_of_all_kinds() {
  std::vector<lease_id> all{{{0, 0}, 0},
                            {{0, 0}, 1},
                            {{0, 1}, 0},
                            {{1, 0}, 0},
                            {{0, 0}, 0, home_tag{1}},
                            {{max64, max64}, max32, home_tag{max32}},
                            {{0x0123456789abcdef, 0xfedcba9876543210}, 0xdeadbeef, home_tag{0x600df00d}}};
  for (int bit = 0; bit < 64; ++bit) {
    all.push_back({{std::uint64_t{1} << bit, 0}, 0});
    all.push_back({{0, std::uint64_t{1} << bit}, 0});
    if (bit < 32) {
      all.push_back({{0, 0}, std::uint32_t{1} << bit});
      all.push_back({{0, 0}, 0, home_tag{std::uint32_t{1} << bit}});
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i)
    all.push_back({{random(), random()},
                   static_cast<std::uint32_t>(random()),
                   home_tag{static_cast<std::uint32_t>(random())}});
  return all;
}

bool refused(std::string_view text) {
  return !parse_lease_id(text).has_value();
}

} // namespace

CAF_TEST(a lease id read back from its text is the same lease id) {
  std::size_t wrong = 0;
  for (const auto& id : leases_of_all_kinds())
    wrong += parse_lease_id(to_text(id)) != id;
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(a lease id has 32 characters of the wire alphabet) {
  std::size_t wrong = 0;
  for (const auto& id : leases_of_all_kinds()) {
    auto text = to_text(id);
    wrong += text.size() != lease_id_text_length;
    wrong += text.find_first_not_of(wire_alphabet) != std::string::npos;
  }
  CAF_CHECK_EQUAL(wrong, 0u);
  CAF_CHECK_EQUAL(lease_id_text_length, 32u);
}

CAF_TEST(different lease ids have different texts) {
  auto ids = leases_of_all_kinds();
  std::set<lease_id> distinct(ids.begin(), ids.end());
  std::set<std::string> texts;
  for (const auto& id : distinct)
    texts.insert(to_text(id));
  CAF_CHECK_EQUAL(texts.size(), distinct.size());
}

CAF_TEST(a text that is no lease id is refused) {
  auto good = to_text({{0x0123456789abcdef, 0xfedcba9876543210}, 7});
  CAF_REQUIRE(!refused(good));
  CAF_CHECK(refused(""));
  CAF_CHECK(refused("junk"));
  CAF_CHECK(refused(good.substr(1)));
  CAF_CHECK(refused(good + "A"));
  CAF_CHECK(refused(good + good));
  CAF_CHECK(refused(std::string(10'000, 'A')));
  CAF_CHECK(refused(std::string(lease_id_text_length, ' ')));
  CAF_CHECK(refused(std::string(lease_id_text_length, '\0')));
  CAF_CHECK(refused("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
}

CAF_TEST(one foreign character anywhere makes a lease id junk) {
  const auto good = to_text({{0x0123456789abcdef, 0xfedcba9876543210}, 7});
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int c = 0; c < 256; ++c) {
      auto text = good;
      text[at] = static_cast<char>(c);
      if (wire_alphabet.find(text[at]) == std::string_view::npos)
        accepted += !refused(text);
    }
  CAF_CHECK_EQUAL(accepted, 0u);
}

CAF_TEST(no two texts mean the same lease id) {
  // 32 characters carry exactly the bits of a lease id: each text of the alphabet is one of ours.
  const auto good = to_text({{1, 2}, 3, home_tag{4}});
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (char c : wire_alphabet) {
      auto text = good;
      text[at] = c;
      auto id = parse_lease_id(text);
      wrong += !id || to_text(*id) != text;
    }
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(a compound has an id of its own that depends on its first message and its home) {
  std::unordered_set<message_id> seen;
  std::size_t all = 0;
  for (std::uint32_t home = 0; home < 100; ++home)
    for (std::uint64_t counter = 1; counter <= 100; ++counter, all += 2) {
      seen.insert(compound_id({42, counter}, home_tag{home}));
      seen.insert(compound_id({42, counter}, home_tag{home * 0x9e3779b9u + 1000}));
    }
  for (std::uint64_t counter = 1; counter <= 100; ++counter, ++all)
    seen.insert({42, counter});
  CAF_CHECK_EQUAL(seen.size(), all);
  CAF_CHECK(compound_id({42, 7}, home_tag{3}) == compound_id({42, 7}, home_tag{3}));
}

CAF_TEST(a source never gives an id twice and counts from one) {
  id_source source(42);
  CAF_CHECK(source.next() == (message_id{42, 1}));
  CAF_CHECK(source.next() == (message_id{42, 2}));
  std::unordered_set<message_id> seen;
  for (int i = 0; i < 10'000; ++i)
    seen.insert(source.next());
  CAF_CHECK_EQUAL(seen.size(), 10'000u);
}

CAF_TEST(incarnations differ) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(random_incarnation());
  CAF_CHECK_EQUAL(seen.size(), 100u);
}

CAF_TEST(waiter ids grow within a thread and are unique across threads) {
  constexpr std::size_t per_thread = 10'000;
  std::vector<std::vector<waiter_id>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn)
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < per_thread; ++i)
        mine.push_back(next_waiter_id());
    });
  for (auto& t : threads)
    t.join();
  std::set<waiter_id> all;
  for (const auto& mine : drawn) {
    CAF_CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  CAF_CHECK_EQUAL(all.size(), drawn.size() * per_thread);
}

CAF_TEST(hashes of neighbouring message ids spread) {
  // A table by message id holds dense counters of few incarnations: their hashes must not collide.
  std::unordered_set<std::size_t> hashes;
  std::mt19937_64 random(2);
  std::size_t ids = 0;
  for (int i = 0; i < 4; ++i) {
    auto incarnation = random();
    for (std::uint64_t counter = 1; counter <= 5'000; ++counter, ++ids)
      hashes.insert(std::hash<message_id>{}({incarnation, counter}));
  }
  CAF_CHECK_EQUAL(hashes.size(), ids);
}

CAF_TEST(a message id read back from its text is the same message id) {
  for (const auto& lease : leases_of_all_kinds()) {
    auto text = to_text(lease.message);
    CAF_REQUIRE_EQUAL(text.size(), message_id_text_length);
    CAF_REQUIRE(text.find_first_not_of(wire_alphabet) == std::string::npos);
    CAF_REQUIRE(parse_message_id(text) == lease.message);
    CAF_REQUIRE(!parse_lease_id(text));
    CAF_REQUIRE(!parse_message_id(to_text(lease)));
  }
}

CAF_TEST(what is no text of a message id is refused) {
  auto text = to_text(message_id{1, 2});
  CAF_CHECK(!parse_message_id(""));
  CAF_CHECK(!parse_message_id(text.substr(1)));
  CAF_CHECK(!parse_message_id(text + "A"));
  CAF_CHECK(!parse_message_id("!" + text.substr(1)));
  auto filled_up = text;
  filled_up.back() = '_'; // bits that no id has
  CAF_CHECK(!parse_message_id(filled_up));
}
