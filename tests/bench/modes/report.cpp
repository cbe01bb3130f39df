// Printing and summing up.
#include "tests/bench/modes/report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <stdexcept>

namespace lmq::bench {

namespace {

double part(double whole, std::uint64_t parts) {
  return parts == 0 ? 0 : whole / static_cast<double>(parts);
}

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

} // namespace

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

run_figures figures_of(const loop_result& result, std::uint64_t server_bytes) {
  const auto microseconds = [&](double fraction) {
    return static_cast<double>(result.latency.percentile(fraction)) / 1000.0;
  };
  return {.per_second = result.units_per_second(),
          .p50_us = microseconds(0.5),
          .p99_us = microseconds(0.99),
          .p999_us = microseconds(0.999),
          .server_cpu_us = part(result.server_cpu_seconds * 1e6, result.requests),
          .client_cpu_us = part(result.client_cpu_seconds * 1e6, result.requests),
          .server_mib = mebibytes(server_bytes),
          .errors = result.errors};
}

run_figures median_of(const std::vector<run_figures>& rounds) {
  const auto middle = [&](double run_figures::*member) {
    std::vector<double> values;
    for (const auto& round : rounds)
      values.push_back(round.*member);
    return median(std::move(values));
  };
  run_figures result{.per_second = middle(&run_figures::per_second),
                     .p50_us = middle(&run_figures::p50_us),
                     .p99_us = middle(&run_figures::p99_us),
                     .p999_us = middle(&run_figures::p999_us),
                     .server_cpu_us = middle(&run_figures::server_cpu_us),
                     .client_cpu_us = middle(&run_figures::client_cpu_us),
                     .server_mib = middle(&run_figures::server_mib)};
  for (const auto& round : rounds)
    result.errors += round.errors;
  return result;
}

nlohmann::json to_json(const run_figures& figures) {
  return {{"per_second", figures.per_second},
          {"p50_us", figures.p50_us},
          {"p99_us", figures.p99_us},
          {"p999_us", figures.p999_us},
          {"server_cpu_us", figures.server_cpu_us},
          {"client_cpu_us", figures.client_cpu_us},
          {"server_mib", figures.server_mib},
          {"errors", figures.errors}};
}

report::report(std::string mode) {
  data_["mode"] = std::move(mode);
  data_["machine"] = machine_facts();
  data_["figures"] = nlohmann::json::object();
  data_["checks"] = nlohmann::json::array();
  const auto& machine = data_["machine"];
  say(fmt::format("{} cores ({}), {}, {}, {}, load average {:.2f}", machine["cores"].get<unsigned>(),
                  machine["processor"].get<std::string>(), machine["kernel"].get<std::string>(),
                  machine["compiler"].get<std::string>(), machine["date"].get<std::string>(),
                  machine["load_average"].get<double>()));
}

void report::say(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void report::figure(const std::string& key, double value, std::string_view unit, std::string_view meaning) {
  data_["figures"][key] = {{"value", value}, {"unit", unit}};
  say(fmt::format("{:>14.3f} {:<8} {}", value, unit, meaning));
}

void report::check(std::string_view what, bool holds) {
  data_["checks"].push_back({{"what", what}, {"holds", holds}});
  all_held_ = all_held_ && holds;
  say(fmt::format("{}: {}", holds ? "holds" : "DOES NOT HOLD", what));
}

void report::table_head() {
  say(fmt::format("{:<18} {:<11} {:>10} {:>9} {:>9} {:>9} {:>11} {:>11} {:>9} {:>7}", "workload", "server",
                  "msgs/s", "p50 µs", "p99 µs", "p99.9 µs", "server µs", "client µs", "RSS MiB", "errors"));
}

void report::table_row(std::string_view workload, std::string_view server, const run_figures& f) {
  say(fmt::format("{:<18} {:<11} {:>10.0f} {:>9.0f} {:>9.0f} {:>9.0f} {:>11.2f} {:>11.2f} {:>9.1f} {:>7}",
                  workload, server, f.per_second, f.p50_us, f.p99_us, f.p999_us, f.server_cpu_us,
                  f.client_cpu_us, f.server_mib, f.errors));
}

void report::write_json(const std::string& file) const {
  std::ofstream out{file};
  out << data_.dump(2) << "\n";
  if (!out.flush())
    throw std::runtime_error{"can't write " + file};
}

} // namespace lmq::bench
