// Collects what a mode found: lines for a reader as they come, JSON in the end, and whether all checks held.
// Owned by main; one thread.
#pragma once

#include "tests/bench/load/closed_loop.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::bench {

/// The middle value, or the mean of the two in the middle; 0 if there is none.
double median(std::vector<double> values);

/// One loop's figures as people compare them.
struct run_figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double server_cpu_us = 0; // a request
  double client_cpu_us = 0; // a request
  double server_mib = 0;    // resident, at the end of the run
  std::uint64_t errors = 0;
};

/// @param server_bytes  resident memory of the server after the run; 0 if unknown
run_figures figures_of(const loop_result& result, std::uint64_t server_bytes);

/// Each figure's median over rounds; errors are added up.
run_figures median_of(const std::vector<run_figures>& rounds);

nlohmann::json to_json(const run_figures& figures);

class report {
public:
  explicit report(std::string mode);

  /// A line for the reader only.
  void say(std::string_view line);

  /// A number that was measured, with its unit; in the JSON as `figures.<key>`.
  void figure(const std::string& key, double value, std::string_view unit, std::string_view meaning);

  /// Something that must be so. A check that doesn't hold makes the program end with 1.
  void check(std::string_view what, bool holds);

  /// A table of runs; the first row is its head.
  void table_head();
  void table_row(std::string_view workload, std::string_view server, const run_figures& figures);

  /// Anything else for the JSON.
  nlohmann::json& data() noexcept { return data_; }

  bool all_held() const noexcept { return all_held_; }

  /// Errors: std::runtime_error if the file can't be written
  void write_json(const std::string& file) const;

private:
  nlohmann::json data_;
  bool all_held_ = true;
};

/// Cores, kernel, compiler, date, load: what a number means nothing without.
nlohmann::json machine_facts();

} // namespace lmq::bench
