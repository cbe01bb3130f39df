// Pages of queues that are asked for one behind the other: which are of the same list, and for how long.
#define CAF_SUITE page_list

#include "actors/fan_out/page_list.hpp"

#include <caf/test/unit_test.hpp>
#include <memory>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

const time_point begin{std::chrono::hours{1}};

queue_page_wanted page(std::uint64_t offset, std::uint64_t limit, std::string pattern = "") {
  return {.pattern = std::move(pattern), .offset = offset, .limit = limit, .order = queue_page_order::name};
}

std::vector<queue_ref> queues(int n) {
  std::vector<queue_ref> all(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i)
    all[static_cast<std::size_t>(i)].name = std::make_shared<const std::string>(std::to_string(i));
  return all;
}

struct fixture {
  page_list pages;

  /// Whether it is taken from the list of a page before.
  bool take(const queue_page_wanted& p, int there, time_point now) {
    auto known = pages.find(p, now) != nullptr;
    if (!known)
      pages.keep(p, queues(there), now);
    pages.taken(p);
    return known;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(page_list_tests, fixture)

CAF_TEST(pages behind the first are taken from its list) {
  CAF_CHECK(!take(page(0, 10), 35, begin));
  const auto* kept = pages.find(page(10, 10), begin);
  CAF_REQUIRE(kept);
  CAF_CHECK_EQUAL(kept->size(), 35u);
  CAF_CHECK(take(page(10, 10), 40, begin));
  CAF_CHECK(take(page(20, 10), 40, begin));
  CAF_CHECK(take(page(10, 10), 40, begin)); // once more, or by another client
}

CAF_TEST(a first page is of a new list) {
  take(page(0, 10), 35, begin);
  CAF_CHECK(!take(page(0, 10), 40, begin));
  const auto* kept = pages.find(page(10, 10), begin);
  CAF_REQUIRE(kept);
  CAF_CHECK_EQUAL(kept->size(), 40u);
}

CAF_TEST(a page that stands behind none is of a new list and so is one of another pattern) {
  take(page(0, 10), 35, begin);
  CAF_CHECK(!pages.find(page(11, 10), begin));
  CAF_CHECK(!pages.find(page(10, 10, "^a"), begin));
  CAF_CHECK(pages.find(page(10, 10), begin));
}

CAF_TEST(a list ends with its time however often it is used) {
  take(page(0, 10), 35, begin);
  CAF_CHECK(pages.ends() == begin + page_list::kept_for);
  CAF_CHECK(take(page(10, 10), 35, begin + page_list::kept_for - 1ms));
  CAF_CHECK(!pages.find(page(20, 10), begin + page_list::kept_for));
  pages.tick(begin + page_list::kept_for - 1ms);
  CAF_CHECK(pages.ends().has_value());
  pages.tick(begin + page_list::kept_for);
  CAF_CHECK(!pages.ends());
}

CAF_TEST(nothing is kept behind the last page) {
  take(page(0, 100), 35, begin);
  CAF_CHECK(!pages.ends());
  take(page(0, 20), 40, begin);
  CAF_CHECK(pages.ends().has_value());
  take(page(20, 20), 40, begin);
  CAF_CHECK(!pages.ends());
  take(page(50, 20), 40, begin);
  CAF_CHECK(!pages.ends());
}

CAF_TEST_FIXTURE_SCOPE_END()
