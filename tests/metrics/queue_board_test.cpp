// The board: what queues write there, and what stays of those that are gone.
#define CAF_SUITE queue_board

#include "metrics/queue_board.hpp"
#include "metrics/queue_changes.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;

namespace {

std::shared_ptr<const std::string> name(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

queue_figures figures(std::uint64_t pushed, std::uint64_t delivered, std::uint64_t ready) {
  queue_figures f;
  f.counts.pushed = pushed;
  f.counts.delivered = delivered;
  f.counts.acked = pushed - ready;
  f.ready = ready;
  return f;
}

} // namespace

CAF_TEST(queues are read by name with what they wrote last) {
  auto board = std::make_shared<queue_board>();
  auto b = board->open(name("b")), a = board->open(name("a"));
  a->publish(figures(3, 1, 2));
  auto all = board->read();
  CAF_REQUIRE_EQUAL(all.queues.size(), 2u);
  CAF_CHECK_EQUAL(*all.queues[0].name, "a");
  CAF_CHECK_EQUAL(all.queues[0].figures.counts.pushed, 3u);
  CAF_CHECK_EQUAL(all.queues[1].figures.counts.pushed, 0u);
}

CAF_TEST(what a queue counted stays when it goes and what it held was deleted) {
  auto board = std::make_shared<queue_board>();
  auto a = board->open(name("a"));
  a->publish(figures(5, 4, 2));
  a.reset();
  auto all = board->read();
  CAF_CHECK(all.queues.empty());
  CAF_CHECK_EQUAL(all.gone.counts.pushed, 5u);
  CAF_CHECK_EQUAL(all.gone.counts.acked, 3u);
  CAF_CHECK_EQUAL(all.gone.counts.deleted, 2u);
  CAF_CHECK_EQUAL(all.gone.counts.came(), all.gone.counts.went());
}

CAF_TEST(a queue that is opened again is another one and comes before the old one) {
  auto board = std::make_shared<queue_board>();
  auto old = board->open(name("a"));
  old->publish(figures(5, 0, 5));
  auto young = board->open(name("a"));
  young->publish(figures(1, 0, 1));
  auto all = board->read();
  CAF_REQUIRE_EQUAL(all.queues.size(), 2u);
  CAF_CHECK_EQUAL(all.queues[0].figures.counts.pushed, 1u);
  CAF_CHECK(all.queues[0].number != all.queues[1].number);
}

CAF_TEST(changes are those of an interval and a new queue began with nothing) {
  auto board = std::make_shared<queue_board>();
  auto a = board->open(name("a")), b = board->open(name("b"));
  a->publish(figures(5, 2, 3));
  auto before = board->read();
  auto later = figures(9, 6, 3);
  later.retention.add(0.5);
  later.retention.add(1.5);
  a->publish(later);
  b.reset();
  b = board->open(name("b"));
  b->publish(figures(1, 0, 1));
  auto all = metrics::changes(before, board->read());
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].pushed, 4u);
  CAF_CHECK_EQUAL(all[0].delivered, 4u);
  CAF_CHECK_EQUAL(all[0].retention_seconds, 1.0);
  CAF_CHECK_EQUAL(all[0].size, 3u);
  CAF_CHECK_EQUAL(all[1].pushed, 1u);
  CAF_CHECK_EQUAL(all[1].retention_seconds, 0.0);
}
