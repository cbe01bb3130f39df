#include "metrics/families.hpp"

#include <prometheus/text_serializer.h>

#include <array>
#include <limits>

namespace lmq::metrics {

family::family(families& out, std::string name, std::string help, prometheus::MetricType type)
    : out_(out), index_(out.size()) {
  out.push_back({std::move(name), std::move(help), type, {}});
}

void family::add(double value, std::vector<label> labels) {
  auto& f = out_[index_];
  auto& m = f.metric.emplace_back();
  m.label = std::move(labels);
  if (f.type == prometheus::MetricType::Counter)
    m.counter.value = value;
  else
    m.gauge.value = value;
}

void family::add_buckets(const double* upper, const std::uint64_t* counts, std::size_t bounds, double sum,
                         std::vector<label> labels) {
  auto& f = out_[index_];
  auto& m = f.metric.emplace_back();
  m.label = std::move(labels);
  std::uint64_t so_far = 0;
  for (std::size_t k = 0; k <= bounds; ++k)
    so_far += counts[k];
  m.histogram.sample_count = so_far;
  m.histogram.sample_sum = sum;
  m.histogram.bucket.reserve(bounds + 1);
  so_far = 0;
  for (std::size_t k = 0; k <= bounds; ++k) {
    so_far += counts[k];
    m.histogram.bucket.push_back({so_far, k < bounds ? upper[k] : std::numeric_limits<double>::infinity()});
  }
}

family counter(families& out, std::string name, std::string help) {
  return {out, std::move(name), std::move(help), prometheus::MetricType::Counter};
}

family gauge(families& out, std::string name, std::string help) {
  return {out, std::move(name), std::move(help), prometheus::MetricType::Gauge};
}

std::string to_text(const families& all) {
  return prometheus::TextSerializer{}.Serialize(all);
}

} // namespace lmq::metrics
