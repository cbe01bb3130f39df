// Figures as Prometheus reads them.
#define CAF_SUITE families

#include "metrics/families.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>

using namespace lmq;
using namespace lmq::metrics;

namespace {

constexpr time_point now{std::chrono::hours{1}};

struct two_queues {
  std::shared_ptr<queue_board> board = std::make_shared<queue_board>();
  queue_slot a = open("a"), odd = open("say \"\xff\"");

  two_queues() {
    queue_figures f;
    f.counts.pushed = 7;
    f.counts.joined = 1;
    f.counts.acked = 2;
    f.ready = 3;
    f.leased = 1;
    f.oldest_ready_ns = std::chrono::nanoseconds{(now - std::chrono::seconds{5}).time_since_epoch()}.count();
    f.retention.add(0.0005);
    f.retention.add(2);
    f.retention.add(5000);
    a->publish(f);
    odd->publish(f);
    open("gone")->publish(f);
  }

  queue_slot open(std::string name) {
    return board->open(std::make_shared<const std::string>(std::move(name)));
  }

  template <class F>
  std::string text(F families_of) const {
    families out;
    families_of(board->read(), now, out);
    return to_text(out);
  }

  std::string text_of_each() const {
    std::string out;
    append_queue_families(board->read(), now, out);
    return out;
  }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

CAF_TEST(all queues are summed and those that are gone stay in the counts) {
  auto text = two_queues{}.text(node_families);
  for (const char* line :
       {"lmq_queues 2", "lmq_messages{state=\"ready\"} 6", "lmq_messages{state=\"leased\"} 2",
        "lmq_pushed_total 21", "lmq_joined_total 3", "lmq_settled_total{at=\"here\"} 6",
        "lmq_deleted_total 4", "lmq_oldest_ready_seconds 5", "lmq_retention_seconds_bucket{le=\"0.001\"} 3",
        "lmq_retention_seconds_bucket{le=\"5\"} 6", "lmq_retention_seconds_bucket{le=\"+Inf\"} 9",
        "lmq_retention_seconds_count 9"})
    if (!has_line(text, line))
      CAF_ERROR("there is no line " << line);
}

CAF_TEST(each queue has its lines and any name is a label) {
  auto text = two_queues{}.text_of_each();
  for (const char* line :
       {"# TYPE lmq_queue_messages gauge", "# TYPE lmq_queue_pushed_total counter",
        "# TYPE lmq_queue_retention_seconds summary",
        "# HELP lmq_queue_waiters Pulls that wait at the queue.",
        "lmq_queue_messages{queue=\"a\",state=\"ready\"} 3", "lmq_queue_pushed_total{queue=\"a\"} 7",
        "lmq_queue_oldest_ready_seconds{queue=\"a\"} 5",
        "lmq_queue_retention_seconds_sum{queue=\"a\"} 5002.0005",
        "lmq_queue_retention_seconds_count{queue=\"a\"} 3",
        "lmq_queue_pushed_total{queue=\"say \\\"\xef\xbf\xbd"
        "ff\\\"\"} 7"})
    if (!has_line(text, line))
      CAF_ERROR("there is no line " << line);
  CAF_CHECK(text.find("gone") == std::string::npos);
}

CAF_TEST(what stands for something else in a label is escaped) {
  two_queues queues;
  auto slash = queues.open("a\\b");
  CAF_CHECK(has_line(queues.text_of_each(), "lmq_queue_waiters{queue=\"a\\\\b\"} 0"));
}

CAF_TEST(a queue that is there twice for a moment has one line and it is the later one) {
  two_queues queues;
  auto again = queues.open("a");
  auto text = queues.text_of_each();
  CAF_CHECK(has_line(text, "lmq_queue_pushed_total{queue=\"a\"} 0"));
  CAF_CHECK(!has_line(text, "lmq_queue_pushed_total{queue=\"a\"} 7"));
}

CAF_TEST(this process has used time and memory and holds files) {
  families out;
  process_families(out);
  auto text = to_text(out);
  for (const char* name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
                           "process_start_time_seconds ", "process_open_fds ", "process_max_fds "}) {
    auto at = text.find("\n" + std::string{name});
    CAF_REQUIRE(at != std::string::npos);
    CAF_CHECK(std::stod(text.substr(at + 1 + std::string{name}.size())) >= 0);
  }
}
