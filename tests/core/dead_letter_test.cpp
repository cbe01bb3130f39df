// What is written on a dead letter, and under which ids messages are moved.
#define CAF_SUITE dead_letter

#include "core/dead_letter.hpp"
#include "core/ids.hpp"

#include <caf/test/unit_test.hpp>
#include <set>

using namespace lmq;

namespace {

message with_headers(header_list headers) {
  return {payload::copy_of("text/plain", "body"), std::make_shared<const header_list>(std::move(headers))};
}

std::string text_of(const message& m) {
  std::string text;
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      text += (text.empty() ? "" : ", ") + name + ": " + value;
  return text;
}

} // namespace

CAF_TEST(a dead letter says where and why it died and keeps the rest) {
  auto dead = dead_letter_of(with_headers({{"x-trace", "7"}}), "jobs", 3);
  CAF_CHECK_EQUAL(text_of(dead), "x-trace: 7, x-lmq-dead-reason: retries, x-lmq-dead-queue: jobs, "
                                 "x-lmq-deliveries: 3");
  CAF_CHECK_EQUAL(dead.content.body(), "body");
  CAF_CHECK_EQUAL(dead.content.content_type(), "text/plain");
  CAF_CHECK_EQUAL(dead_queue_of(dead).value_or(""), "jobs");
}

CAF_TEST(one that dies again tells of its last death) {
  auto dead = dead_letter_of(dead_letter_of(with_headers({}), "jobs", 3), "dead jobs", 1);
  CAF_CHECK_EQUAL(text_of(dead),
                  "x-lmq-dead-reason: retries, x-lmq-dead-queue: dead jobs, x-lmq-deliveries: 1");
}

CAF_TEST(a message that is sent back is what it was) {
  auto plain = with_headers({{"x-trace", "7"}});
  CAF_CHECK_EQUAL(text_of(revived(dead_letter_of(plain, "jobs", 3))), "x-trace: 7");
  message bare{payload::copy_of("", ""), nullptr};
  CAF_CHECK(revived(dead_letter_of(bare, "jobs", 3)).preserved == nullptr);
  CAF_CHECK(!dead_queue_of(bare));
  CAF_CHECK(!dead_queue_of(plain));
}

// Nodes of different versions must agree, and so must a node with what it wrote before it was replaced.
CAF_TEST(the id of a moved message is the same for ever) {
  auto id = moved_id({0x0123456789abcdef, 42}, "dead");
  CAF_CHECK_EQUAL(id.incarnation, std::uint64_t{0xb22b00656042ffbb});
  CAF_CHECK_EQUAL(id.counter, std::uint64_t{1} << 63 | 42);
  CAF_CHECK(is_moved(id));
  CAF_CHECK(!is_moved({0x0123456789abcdef, 42}));
}

CAF_TEST(another queue or another message makes another id) {
  std::set<message_id> seen;
  for (std::uint64_t incarnation : {0u, 1u, 2u, 77u})
    for (std::uint64_t counter : {1u, 2u, 3u})
      for (const auto* queue : {"", "a", "b", "aa", "dead"})
        CAF_CHECK(seen.insert(moved_id({incarnation, counter}, queue)).second);
}

CAF_TEST(a message that goes back and forth never meets an id that it has had) {
  std::set<message_id> seen;
  message_id id{5, 9};
  for (int i = 0; i < 1000; ++i) {
    CAF_CHECK(seen.insert(id).second);
    id = moved_id(id, i % 2 == 0 ? "dead" : "");
  }
}
