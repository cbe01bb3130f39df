#include "metrics/datagrams.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

namespace lmq::metrics {

namespace {

/// Lines in datagrams, as many as fit.
class packer {
public:
  void add(std::string_view line) {
    if (!current_.empty() && current_.size() + 1 + line.size() > datagram_bytes_max)
      all_.push_back(std::exchange(current_, {}));
    if (!current_.empty())
      current_ += '\n';
    current_ += line;
  }

  std::vector<std::string> take() {
    if (!current_.empty())
      all_.push_back(std::exchange(current_, {}));
    return std::move(all_);
  }

private:
  std::string current_;
  std::vector<std::string> all_;
};

std::string in_statsd(std::string_view name) {
  auto text = text_of_bytes(name);
  for (auto& c : text)
    if (c == ':' || c == '|' || c == '@' || c == ' ')
      c = '_';
  return text;
}

/// A tag's value in line protocol.
std::string in_influxdb(std::string_view name) {
  std::string text;
  for (char c : text_of_bytes(name)) {
    if (c == ',' || c == '=' || c == ' ')
      text += '\\';
    text += c;
  }
  // A backslash at the end would take the separator that follows it for its own.
  if (text.ends_with('\\'))
    text.back() = '_';
  return text;
}

} // namespace

std::vector<std::string> statsd_datagrams(const std::vector<queue_change>& of) {
  packer out;
  for (const auto& q : of) {
    auto name = in_statsd(*q.name);
    if (q.pushed > 0)
      out.add(fmt::format("lmq.{}.push:{}|c", name, q.pushed));
    if (q.delivered > 0) {
      out.add(fmt::format("lmq.{}.pull:{}|c", name, q.delivered));
      out.add(fmt::format("lmq.{}.retention:{:.6f}|ms|@{:.9g}", name, q.retention_seconds,
                          1.0 / static_cast<double>(q.delivered)));
    }
    out.add(fmt::format("lmq.{}.size:{}|g", name, q.size));
    out.add(fmt::format("lmq.{}.memory:{}|g", name, q.bytes));
  }
  return out.take();
}

std::vector<std::string> influxdb_datagrams(const std::vector<queue_change>& of,
                                            std::chrono::nanoseconds at) {
  packer out;
  for (const auto& q : of) {
    auto name = in_influxdb(*q.name);
    if (q.pushed > 0)
      out.add(fmt::format("rate,queue={},action=push count={}i {}", name, q.pushed, at.count()));
    if (q.delivered > 0)
      out.add(fmt::format("rate,queue={},action=pull count={}i {}", name, q.delivered, at.count()));
    auto line = fmt::format("stats,queue={} size={}i,memory={}i", name, q.size, q.bytes);
    if (q.delivered > 0)
      fmt::format_to(std::back_inserter(line), ",retention={:.6f}", q.retention_seconds);
    fmt::format_to(std::back_inserter(line), " {}", at.count());
    out.add(line);
  }
  return out.take();
}

} // namespace lmq::metrics
