// What waits until facts are safe.
#define CAF_SUITE unsafe_answers

#include "actors/queue/unsafe_answers.hpp"

#include <caf/test/unit_test.hpp>
#include <string>

using namespace lmq;

namespace {

using answers = unsafe_answers<std::string>;

std::shared_ptr<const std::vector<fact>> batch(std::vector<fact> facts) {
  return std::make_shared<const std::vector<fact>>(std::move(facts));
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
  CAF_CHECK_EQUAL(a.next(), 1u);
  CAF_CHECK_EQUAL(a.add(batch({put(1)})), 1u);
  CAF_CHECK_EQUAL(a.add(batch({put(2)})), 2u);
  CAF_CHECK_EQUAL(a.add(batch({put(3)})), 3u);
  a.set_safe(2);
  CAF_REQUIRE_EQUAL(a.unsafe_batches().size(), 1u);
  CAF_CHECK_EQUAL(a.unsafe_batches().begin()->first, 3u);
  a.set_safe(1); // late
  CAF_CHECK(a.is_safe(2));
  CAF_CHECK(!a.is_safe(3));
  a.set_safe(100);
  CAF_CHECK(a.unsafe_batches().empty());
  CAF_CHECK_EQUAL(a.add(batch({put(4)})), 4u);
  CAF_CHECK(!a.is_safe(4));
}

CAF_TEST(a delivery needs the puts of all that it brings and no other facts) {
  answers a;
  a.add(batch({put(1), facts::leased{{1, 1}, 1, {}, {}}}));
  a.add(batch({put(2)}));
  a.add(batch({facts::leased{{1, 9}, 1, {}, {}}, facts::closed{{2, 1}, 0, {{1, 1}, {1, 2}}}}));
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
    a.add(batch({put(n)}));
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
  a.add(batch({put(1)}));
  a.hold(1, std::string{"a"});
  a.hold(1, std::string{"b"});
  a.set_safe(1);
  a.give_safe([](const std::string& x) { return x == "b"; });
  CAF_CHECK_EQUAL(given(a), "a");
}

CAF_TEST(all answers are given up and batches forgotten without a word to the numbers) {
  answers a;
  a.add(batch({put(1)}));
  a.hold(1, std::string{"a"});
  std::string all;
  a.give_all([&](const std::string& x) {
    all += x;
    return true;
  });
  CAF_CHECK_EQUAL(all, "a");
  CAF_CHECK_EQUAL(a.unsafe_batches().size(), 1u);
  a.forget_batches();
  CAF_CHECK(a.unsafe_batches().empty());
  CAF_CHECK_EQUAL(a.batch_of(of(1)), 0u);
  CAF_CHECK_EQUAL(a.next(), 2u);
}
