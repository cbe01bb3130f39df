#include "gateway/answer.hpp"

#include <algorithm>
#include <cstddef>

namespace lmq {

namespace {

/// About what one queue takes in the answer to `get_stats`, and in a page.
constexpr std::size_t report_bytes = 1024;
constexpr std::size_t page_line_bytes = 128;

struct bulk {
  std::size_t operator()(const delivered& d) const noexcept {
    if (const auto* single = std::get_if<message>(&d.what.content))
      return body_bytes(*single);
    std::size_t all = 0;
    if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&d.what.content))
      for (const auto& part : **parts)
        all += body_bytes(part.content);
    return all;
  }

  std::size_t operator()(const std::vector<queue_report>& reports) const noexcept {
    return reports.size() * report_bytes;
  }

  std::size_t operator()(const queue_page& page) const noexcept {
    return page.queues.size() * page_line_bytes;
  }

  std::size_t operator()(const peeked_messages& messages) const noexcept {
    std::size_t all = 0;
    for (const auto& m : messages)
      for (const auto& part : m.parts)
        all += part.body.size();
    return all;
  }

  std::size_t operator()(const metrics_text& figures) const noexcept { return figures.text.size(); }

  template <class Small>
  std::size_t operator()(const Small&) const noexcept {
    return 0;
  }
};

} // namespace

std::size_t bulk_of(const answer& what) noexcept {
  return std::visit(bulk{}, what);
}

} // namespace lmq
