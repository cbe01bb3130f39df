// What waits until facts are safe.
#define CAF_SUITE unsafe_answers

#include "actors/queue/unsafe_answers.hpp"

#include <caf/test/unit_test.hpp>
#include <string>

using namespace lmq;

namespace {

using answers = unsafe_answers<std::string>;

/// As a batch of their own; its number.
std::uint64_t add(answers& a, std::vector<fact> facts) {
  for (auto& f : facts)
    a.add(std::move(f));
  a.close();
  return a.last();
}

fact put(std::uint64_t n) {
  return facts::put{{1, n}, {}, 0, std::nullopt};
}

std::string given(answers& a) {
  std::string all;
  a.give_safe([&](const std::string& x) {
    all += x;
    return true;
  });
  return all;
}

delivery of(std::uint64_t n) {
  delivery d;
  d.lease.message = {1, n};
  return d;
}

delivery of_compound(message_id name, std::initializer_list<std::uint64_t> ids) {
  auto parts = std::make_shared<compound>();
  for (auto n : ids)
    parts->push_back({{1, n}, {}});
  delivery d;
  d.lease.message = name;
  d.content = std::shared_ptr<const compound>{parts};
  return d;
}

} // namespace

CAF_TEST(batches are numbered from one and kept until they are safe) {
  answers a;
  CAF_CHECK_EQUAL(a.open(), 1u);
  CAF_CHECK_EQUAL(add(a, {put(1)}), 1u);
  CAF_CHECK_EQUAL(add(a, {put(2)}), 2u);
  CAF_CHECK_EQUAL(add(a, {put(3)}), 3u);
  a.set_safe(2);
  CAF_REQUIRE_EQUAL(a.unsafe_batches().size(), 1u);
  CAF_CHECK_EQUAL(a.unsafe_batches().begin()->first, 3u);
  a.set_safe(1); // late
  CAF_CHECK(a.is_safe(2));
  CAF_CHECK(!a.is_safe(3));
  a.set_safe(100);
  CAF_CHECK(a.unsafe_batches().empty());
  CAF_CHECK_EQUAL(add(a, {put(4)}), 4u);
  CAF_CHECK(!a.is_safe(4));
}

CAF_TEST(facts gather in one batch until it is closed) {
  answers a;
  CAF_CHECK(a.close() == nullptr); // there is nothing in it
  CAF_CHECK_EQUAL(a.last(), 0u);
  a.add(put(1));
  a.add(put(2));
  CAF_CHECK(a.has_open());
  CAF_CHECK_EQUAL(a.batch_of(of(2)), 1u);
  CAF_CHECK(a.unsafe_batches().empty());
  a.set_safe(1); // of which nobody can know yet
  CAF_CHECK(!a.is_safe(1));
  auto first = a.close();
  CAF_REQUIRE(first != nullptr);
  CAF_CHECK_EQUAL(first->size(), 2u);
  CAF_CHECK(!a.has_open());
  a.add(put(3));
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 1u);
  CAF_CHECK_EQUAL(a.batch_of(of(3)), 2u);
  a.set_safe(1);
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 0u);
  CAF_CHECK_EQUAL(a.batch_of(of(3)), 2u);
}

CAF_TEST(an open batch is full by its facts or by what they weigh) {
  answers a;
  for (std::size_t n = 1; n < answers::open_facts_max; ++n)
    a.add(put(n));
  CAF_CHECK(!a.open_is_full());
  a.add(put(answers::open_facts_max));
  CAF_CHECK(a.open_is_full());
  a.close();
  CAF_CHECK(!a.open_is_full());
  std::string body(answers::open_bytes_max, 'x');
  a.add(facts::put{{2, 1}, {payload::copy_of("text/plain", body), nullptr}, 0, std::nullopt});
  CAF_CHECK(a.open_is_full());
}

CAF_TEST(what messages weigh is counted until they are safe) {
  answers a;
  std::string body(1000, 'x');
  auto heavy = [&](std::uint64_t n) {
    return facts::put{{2, n}, {payload::copy_of("text/plain", body), nullptr}, 0, std::nullopt};
  };
  auto one = memory_bytes(heavy(1).content);
  add(a, {heavy(1), facts::leased{{2, 1}, 1, {}, {}}});
  a.add(heavy(2));
  CAF_CHECK_EQUAL(a.unsafe_messages(), 2u);
  CAF_CHECK_EQUAL(a.unsafe_bytes(), 2 * one);
  a.set_safe(1);
  CAF_CHECK_EQUAL(a.unsafe_messages(), 1u);
  CAF_CHECK_EQUAL(a.unsafe_bytes(), one);
  a.forget_batches();
  CAF_CHECK_EQUAL(a.unsafe_messages(), 0u);
  CAF_CHECK_EQUAL(a.unsafe_bytes(), 0u);
}

CAF_TEST(a delivery needs the puts of all that it brings and no other facts) {
  answers a;
  add(a, {put(1), facts::leased{{1, 1}, 1, {}, {}}});
  add(a, {put(2)});
  add(a, {facts::leased{{1, 9}, 1, {}, {}}, facts::closed{{2, 1}, 0, {{1, 1}, {1, 2}}}});
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 1u);
  CAF_CHECK_EQUAL(a.batch_of(of(2)), 2u);
  CAF_CHECK_EQUAL(a.batch_of(of(9)), 0u);
  CAF_CHECK_EQUAL(a.batch_of(of_compound({2, 1}, {1, 2})), 3u);
  CAF_CHECK_EQUAL(a.batch_of(of_compound({2, 7}, {1, 2})), 2u);
  a.set_safe(2);
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 0u);
  CAF_CHECK_EQUAL(a.batch_of(of_compound({2, 7}, {1, 2})), 0u);
  CAF_CHECK_EQUAL(a.batch_of(of_compound({2, 1}, {1, 2})), 3u);
  a.set_safe(3);
  CAF_CHECK_EQUAL(a.batch_of(of_compound({2, 1}, {1, 2})), 0u);
}

CAF_TEST(answers come in the order of their batches and then of their coming) {
  answers a;
  for (std::uint64_t n = 1; n <= 3; ++n)
    add(a, {put(n)});
  a.hold(2, std::string{"c"});
  a.hold(1, std::string{"a"});
  a.hold(2, std::string{"d"});
  a.hold(1, std::string{"b"});
  a.hold(3, std::string{"e"});
  CAF_CHECK_EQUAL(given(a), "");
  a.set_safe(2);
  CAF_CHECK_EQUAL(given(a), "abcd");
  CAF_CHECK_EQUAL(given(a), "");
  a.set_safe(3);
  CAF_CHECK_EQUAL(given(a), "e");
  CAF_CHECK(a.waiting().empty());
}

CAF_TEST(an answer that nobody takes yet stays) {
  answers a;
  add(a, {put(1)});
  a.hold(1, std::string{"a"});
  a.hold(1, std::string{"b"});
  a.set_safe(1);
  a.give_safe([](const std::string& x) { return x == "b"; });
  CAF_CHECK_EQUAL(given(a), "a");
}

CAF_TEST(all answers are given up and batches forgotten without a word to the numbers) {
  answers a;
  add(a, {put(1)});
  a.hold(1, std::string{"a"});
  std::string all;
  a.give_all([&](const std::string& x) {
    all += x;
    return true;
  });
  CAF_CHECK_EQUAL(all, "a");
  CAF_CHECK_EQUAL(a.unsafe_batches().size(), 1u);
  a.add(put(2));
  a.forget_batches();
  CAF_CHECK(!a.has_open());
  CAF_CHECK_EQUAL(a.batch_of(of(2)), 0u);
  CAF_CHECK(a.unsafe_batches().empty());
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 0u);
  CAF_CHECK_EQUAL(a.open(), 2u);
}
