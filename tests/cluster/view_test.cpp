// Views: who is home of which queue.
#define CAF_SUITE view

#include "cluster/view.hpp"

#include <caf/test/unit_test.hpp>

#include <map>

using namespace lmq;

namespace {

view view_of(std::vector<std::string> names) {
  view v;
  v.id = {1, 1};
  std::uint64_t incarnation = 1;
  for (auto& name : names)
    v.members.push_back({name, incarnation++});
  v.homes = v.members;
  return v;
}

std::string queue_name(int n) {
  return "queue-" + std::to_string(n);
}

} // namespace

CAF_TEST(all nodes agree on the home of a queue whatever order the homes are listed in) {
  auto v = view_of({"anna", "bert", "carl"});
  auto other = v;
  std::swap(other.homes.front(), other.homes.back());
  for (int n = 0; n < 100; ++n)
    CAF_CHECK_EQUAL(home_of(v, queue_name(n)).name, home_of(other, queue_name(n)).name);
}

CAF_TEST(the home of a queue is the same for ever for others compute it too) {
  // These are part of the protocol: a node that computes others cannot work with us.
  auto v = view_of({"anna", "bert", "carl"});
  std::map<std::string, std::string> homes;
  for (auto queue : {"one", "two", "three", "jobs", ""})
    homes[queue] = home_of(v, queue).name;
  CAF_CHECK_EQUAL(homes["one"], "anna");
  CAF_CHECK_EQUAL(homes["two"], "carl");
  CAF_CHECK_EQUAL(homes["three"], "bert");
  CAF_CHECK_EQUAL(homes["jobs"], "carl");
  CAF_CHECK_EQUAL(homes[""], "anna");
}

CAF_TEST(a node that goes moves no queue but its own) {
  auto three = view_of({"anna", "bert", "carl"});
  auto two = view_of({"anna", "carl"});
  for (int n = 0; n < 500; ++n) {
    auto before = home_of(three, queue_name(n)).name;
    if (before != "bert")
      CAF_CHECK_EQUAL(home_of(two, queue_name(n)).name, before);
  }
}

CAF_TEST(each node gets its share of the queues) {
  auto v = view_of({"anna", "bert", "carl", "dora", "emil"});
  std::map<std::string, int> share;
  for (int n = 0; n < 5000; ++n)
    ++share[home_of(v, queue_name(n)).name];
  for (const auto& [name, queues] : share)
    CAF_CHECK(queues > 850 && queues < 1150);
}

CAF_TEST(only homes are homes though others are members) {
  auto v = view_of({"anna", "bert", "carl"});
  v.homes = {v.members[1]};
  CAF_CHECK(v.contains(v.members[0]));
  for (int n = 0; n < 50; ++n)
    CAF_CHECK_EQUAL(home_of(v, queue_name(n)).name, "bert");
}

CAF_TEST(another incarnation of a member is no member) {
  auto v = view_of({"anna", "bert"});
  auto again = v.members.front();
  again.incarnation += 10;
  CAF_CHECK(!v.contains(again));
}
