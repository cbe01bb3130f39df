// Whether the counts of GET /metrics add up. A pure function over its text.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace lmq::testing {

/// Messages by what became of them: as many came as went and are here.
struct metrics_balance {
  bool told = false; ///< the text has counts at all
  double came = 0, went_or_here = 0;

  bool holds() const { return told && came == went_or_here; }
};

inline metrics_balance balance_of(std::string_view metrics) {
  auto sum_of = [&](const auto& names) {
    double sum = 0;
    for (std::string_view rest = metrics; !rest.empty();) {
      auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
      auto end_of_name = line.find_first_of("{ ");
      for (std::string_view name : names)
        if (line.substr(0, end_of_name) == name)
          sum += std::stod(std::string{line.substr(line.rfind(' ') + 1)});
    }
    return sum;
  };
  constexpr std::array<std::string_view, 2> came{"lmq_pushed_total", "lmq_received_total"};
  constexpr std::array<std::string_view, 7> others{
    "lmq_joined_total",  "lmq_messages",    "lmq_settled_total",    "lmq_discarded_total",
    "lmq_deleted_total", "lmq_moved_total", "lmq_handed_over_total"};
  return {metrics.find("\nlmq_pushed_total ") != std::string_view::npos, sum_of(came), sum_of(others)};
}

} // namespace lmq::testing
