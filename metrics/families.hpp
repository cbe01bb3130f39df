// Figures in Prometheus' terms: how what is counted here becomes families of metrics.
//
// Each function appends to `out`. Names follow Prometheus' rules (base units, `_total` on counters); what
// each means stands in its help text, which `GET /metrics` brings along.
#pragma once

#include "core/time.hpp"
#include "metrics/queue_board.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::metrics {

using families = std::vector<prometheus::MetricFamily>;
using label = prometheus::ClientMetric::Label;

/// A family to which samples are added one by one.
class family {
public:
  family(families& out, std::string name, std::string help, prometheus::MetricType type);

  /// @param labels  names and values; values are UTF-8: `text_of_bytes` makes it of a name
  void add(double value, std::vector<label> labels = {});

  /// Of a histogram.
  template <class Bounds>
  void add(const histogram<Bounds>& h, std::vector<label> labels = {}) {
    add_buckets(Bounds::upper.data(), h.counts.data(), Bounds::upper.size(), h.sum, std::move(labels));
  }

private:
  void add_buckets(const double* upper, const std::uint64_t* counts, std::size_t bounds, double sum,
                   std::vector<label> labels);

  families& out_;
  std::size_t index_;
};

family counter(families& out, std::string name, std::string help);
family gauge(families& out, std::string name, std::string help);

/// Sums over all queues, those that are gone included.
void node_families(const queue_board::snapshot& of, time_point now, families& out);

/// One sample a queue and figure: 17 lines for each queue, in the text format. What `to_text` wrote may stand
/// before them. Cost: about 0.5 µs a queue
void append_queue_families(const queue_board::snapshot& of, time_point now, std::string& out);

/// CPU time, memory, open files, start: of this process, from /proc.
void process_families(families& out);

/// The text format 0.0.4. Cost: about 0.5 µs a sample
std::string to_text(const families& all);

} // namespace lmq::metrics
