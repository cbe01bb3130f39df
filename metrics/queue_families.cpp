// Queues in Prometheus' terms: all of them together, and each.
#include "core/utf8.hpp"
#include "metrics/families.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::metrics {

namespace {

double as_double(std::uint64_t n) {
  return static_cast<double>(n);
}

double oldest_seconds(const queue_figures& f, time_point now) {
  if (f.oldest_ready_ns == 0)
    return 0;
  auto since = now.time_since_epoch() - std::chrono::nanoseconds{f.oldest_ready_ns};
  return std::max(0.0, std::chrono::duration<double>(since).count());
}

/// All queues as if they were one.
struct totals {
  queue_figures sum;
  double oldest = 0;

  totals(const queue_board::snapshot& of, time_point now) {
    sum.counts = of.gone.counts;
    sum.retention = of.gone.retention;
    sum.restarts = of.gone.restarts;
    for (const auto& q : of.queues) {
      sum.counts += q.figures.counts;
      sum.retention += q.figures.retention;
      sum.ready += q.figures.ready;
      sum.leased += q.figures.leased;
      sum.accumulating += q.figures.accumulating;
      sum.waiters += q.figures.waiters;
      sum.bytes += q.figures.bytes;
      sum.restarts += q.figures.restarts;
      oldest = std::max(oldest, oldest_seconds(q.figures, now));
    }
  }
};

/// The families with a label for the queue, as text. prometheus-cpp makes an object of each sample and writes
/// it through a stream: 80 ms of a scrape of ten thousand queues, where this takes 4.
class queue_lines {
public:
  queue_lines(const queue_board::snapshot& of, std::string& out) : out_(out) {
    queues_.reserve(of.queues.size());
    std::size_t bytes = 0;
    const std::string* last = nullptr;
    for (const auto& q : of.queues) {
      if (last != nullptr && *last == *q.name)
        continue; // its predecessor, which is about to go
      last = q.name.get();
      queues_.push_back({&q.figures, "{queue=\"" + escaped(text_of_bytes(*q.name)) + '"'});
      bytes += lines_of_a_queue * (queues_.back().label.size() + bytes_beside_label);
    }
    out_.reserve(out_.size() + bytes);
  }

  /// A family with one sample a queue.
  template <class Value>
  void each(std::string_view name, std::string_view help, std::string_view type, Value value) {
    head(name, help, type);
    for (const auto& q : queues_)
      line(name, q.label, "} ", value(*q.figures));
  }

  void messages() {
    constexpr std::string_view name = "lmq_queue_messages";
    head(name, "Messages of the queue; a compound is one.", "gauge");
    for (const auto& q : queues_) {
      line(name, q.label, ",state=\"ready\"} ", q.figures->ready);
      line(name, q.label, ",state=\"leased\"} ", q.figures->leased);
      line(name, q.label, ",state=\"accumulating\"} ", q.figures->accumulating);
    }
  }

  void retention() {
    head("lmq_queue_retention_seconds", "From ready to delivered.", "summary");
    for (const auto& q : queues_) {
      line("lmq_queue_retention_seconds_count", q.label, "} ", q.figures->retention.count());
      line("lmq_queue_retention_seconds_sum", q.label, "} ", q.figures->retention.sum);
    }
  }

private:
  /// Of both only an estimate is needed.
  static constexpr std::size_t lines_of_a_queue = 17, bytes_beside_label = 36;

  struct queue {
    const queue_figures* figures;
    std::string label; ///< begun: more of them may follow
  };

  void head(std::string_view name, std::string_view help, std::string_view type) {
    for (auto part :
         {std::string_view{"# HELP "}, name, std::string_view{" "}, help, std::string_view{"\n# TYPE "}, name,
          std::string_view{" "}, type, std::string_view{"\n"}})
      out_ += part;
  }

  template <class Number>
  void line(std::string_view name, std::string_view label, std::string_view rest, Number value) {
    std::array<char, 32> digits; // 24 are enough for any double
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_ += name;
    out_ += label;
    out_ += rest;
    out_.append(digits.data(), end);
    out_ += '\n';
  }

  /// As a label's value must be. Names hold no line feed, but this may be told of any.
  static std::string escaped(const std::string& text) {
    std::string out;
    for (char c : text)
      switch (c) {
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\n"; break;
      default: out += c;
      }
    return out;
  }

  std::string& out_;
  std::vector<queue> queues_;
};

} // namespace

void node_families(const queue_board::snapshot& of, time_point now, families& out) {
  totals t{of, now};
  const auto& c = t.sum.counts;
  gauge(out, "lmq_queues", "Queues of this node.").add(as_double(of.queues.size()));
  auto messages = gauge(out, "lmq_messages", "Messages that this node serves; a compound is one.");
  messages.add(as_double(t.sum.ready), {{"state", "ready"}});
  messages.add(as_double(t.sum.leased), {{"state", "leased"}});
  messages.add(as_double(t.sum.accumulating), {{"state", "accumulating"}});
  gauge(out, "lmq_message_bytes", "What these messages take in memory, with what is kept beside them.")
    .add(as_double(t.sum.bytes));
  gauge(out, "lmq_waiters", "Pulls that wait at a queue.").add(as_double(t.sum.waiters));
  gauge(out, "lmq_oldest_ready_seconds", "For how long the oldest ready message of any queue has been ready.")
    .add(t.oldest);

  counter(out, "lmq_pushed_total", "Pushes taken in; each that joined a window counts.")
    .add(as_double(c.pushed));
  counter(out, "lmq_received_total",
          "Messages taken in from this node's disk, or from the copies of other nodes.")
    .add(as_double(c.received));
  counter(out, "lmq_joined_total", "Pushes that joined an open window, and so are no message of their own.")
    .add(as_double(c.joined));
  auto settled =
    counter(out, "lmq_settled_total", "Messages that were acknowledged, here or at another node.");
  settled.add(as_double(c.acked), {{"at", "here"}});
  settled.add(as_double(c.settled_elsewhere), {{"at", "elsewhere"}});
  counter(out, "lmq_discarded_total", "Messages that were thrown away.")
    .add(as_double(c.discarded), {{"reason", "retries"}});
  auto moved = counter(out, "lmq_moved_total", "Messages that went on to another queue.");
  moved.add(as_double(c.dead_lettered), {{"reason", "dead_letter"}});
  moved.add(as_double(c.redriven), {{"reason", "redrive"}});
  counter(out, "lmq_deleted_total", "Messages that went with their queue, or were purged.")
    .add(as_double(c.deleted));
  counter(out, "lmq_handed_over_total", "Messages that another node serves since.")
    .add(as_double(c.handed_over));

  counter(out, "lmq_delivered_total", "Deliveries, repeated ones included.").add(as_double(c.delivered));
  auto ended = counter(out, "lmq_deliveries_ended_total", "Deliveries that have ended, and how.");
  ended.add(as_double(c.acked), {{"how", "ack"}});
  ended.add(as_double(c.nacked), {{"how", "nack"}});
  ended.add(as_double(c.expired), {{"how", "expired"}});
  ended.add(as_double(c.given_back), {{"how", "undelivered"}});
  counter(out, "lmq_extended_total", "Leases whose clock was restarted by an ext.")
    .add(as_double(c.extended));
  family{out, "lmq_retention_seconds", "From ready to delivered.", prometheus::MetricType::Histogram}.add(
    t.sum.retention);
}

void append_queue_families(const queue_board::snapshot& of, time_point now, std::string& out) {
  queue_lines lines{of, out};
  lines.messages();
  auto gauge = [&](std::string_view name, std::string_view help, auto value) {
    lines.each(name, help, "gauge", value);
  };
  gauge("lmq_queue_bytes", "What the queue's messages take, with what is kept beside them.",
        [](const queue_figures& q) { return q.bytes; });
  gauge("lmq_queue_waiters", "Pulls that wait at the queue.",
        [](const queue_figures& q) { return q.waiters; });
  gauge("lmq_queue_oldest_ready_seconds", "For how long its oldest ready message has been ready.",
        [&](const queue_figures& q) { return oldest_seconds(q, now); });
  auto count = [&](std::string_view name, std::string_view help, std::uint64_t queue_counts::*which) {
    lines.each(name, help, "counter", [which](const queue_figures& q) { return q.counts.*which; });
  };
  count("lmq_queue_pushed_total", "Pushes into the queue.", &queue_counts::pushed);
  count("lmq_queue_delivered_total", "Deliveries, repeated ones included.", &queue_counts::delivered);
  count("lmq_queue_acked_total", "Messages acknowledged.", &queue_counts::acked);
  count("lmq_queue_nacked_total", "Deliveries given back by a nack.", &queue_counts::nacked);
  count("lmq_queue_extended_total", "Leases whose clock was restarted by an ext.", &queue_counts::extended);
  count("lmq_queue_expired_total", "Deliveries whose lease ran out.", &queue_counts::expired);
  count("lmq_queue_discarded_total", "Messages out of retries.", &queue_counts::discarded);
  count("lmq_queue_dead_lettered_total", "Messages out of retries that went to the queue of dead letters.",
        &queue_counts::dead_lettered);
  lines.each("lmq_queue_restarts_total", "Times that the queue was started again after a crash.", "counter",
             [](const queue_figures& q) { return q.restarts; });
  lines.retention();
}

} // namespace lmq::metrics
