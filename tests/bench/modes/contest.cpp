// Rounds and ratios.
#include "tests/bench/modes/contest.hpp"

namespace lmq::bench {

void run_rounds(std::vector<contest>& contests, unsigned rounds) {
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contests.size(); ++i) {
      auto& c = contests[round % 2 == 0 ? i : contests.size() - 1 - i];
      c.rounds.push_back(c.run());
    }
  }
}

std::uint64_t report_runs(report& out, const std::vector<contest>& contests) {
  std::uint64_t errors = 0;
  out.table_head();
  for (const auto& c : contests) {
    const auto middle = median_of(c.rounds);
    errors += middle.errors;
    out.table_row(c.workload, c.server, middle);
    auto& json = out.data()["runs"].emplace_back();
    json = {{"workload", c.workload}, {"server", c.server}, {"median", to_json(middle)}};
    for (const auto& round : c.rounds)
      json["rounds"].push_back(to_json(round));
  }
  return errors;
}

const contest* find(const std::vector<contest>& contests, std::string_view workload,
                    std::string_view server) {
  for (const auto& c : contests)
    if (c.workload == workload && c.server == server)
      return &c;
  return nullptr;
}

std::optional<double> say_ratio(report& out, const contest* ours, const contest* theirs,
                                double run_figures::*member, const std::string& key,
                                std::string_view meaning) {
  if (ours == nullptr || theirs == nullptr)
    return std::nullopt;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours->rounds.size(); ++i)
    if (theirs->rounds[i].*member > 0)
      ratios.push_back(ours->rounds[i].*member / (theirs->rounds[i].*member));
  const auto ratio = median(std::move(ratios));
  out.figure(key, ratio, "ratio", meaning);
  return ratio;
}

} // namespace lmq::bench
