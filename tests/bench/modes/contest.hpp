// Runs that are compared with each other: a turn in every round, and what the rounds say together.
#pragma once

#include "tests/bench/modes/report.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::bench {

struct contest {
  std::string workload;
  std::string server;
  std::function<run_figures()> run;
  std::vector<run_figures> rounds; // filled by run_rounds
};

/// Runs each contest once a round. Every other round runs backwards, so that nobody is always the one after
/// a certain neighbour.
void run_rounds(std::vector<contest>& contests, unsigned rounds);

/// Prints the table of the medians; all rounds are in the JSON as `runs`.
/// Returns how many answers were not the one asked for.
std::uint64_t report_runs(report& out, const std::vector<contest>& contests);

/// Null if there is no such contest.
const contest* find(const std::vector<contest>& contests, std::string_view workload, std::string_view server);

/// Reports the median of each round's ratio: runs of one round are neighbours in time, so that the machine's
/// moods cancel. Nothing, and nothing is reported, if one of the two is null.
std::optional<double> say_ratio(report& out, const contest* ours, const contest* theirs,
                                double run_figures::*member, const std::string& key,
                                std::string_view meaning);

} // namespace lmq::bench
