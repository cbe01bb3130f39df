#include "gateway/http/json_stats.hpp"

#include "gateway/http/json_properties.hpp"
#include "gateway/http/json_text.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace lmq {

namespace {

/// `"key":number` for each, with commas between and none at the ends.
void append_members(std::string& out, std::initializer_list<std::pair<std::string_view, double>> members) {
  std::string_view before = "\"";
  for (const auto& [key, value] : members) {
    out += std::exchange(before, ",\"");
    out += key;
    out += "\":";
    append_json_number(out, value);
  }
}

void append_meter(std::string& out, const meter_report& m) {
  out += "{\"acceleration\":{";
  append_members(out, {{"five_to_fifteen", m.five_to_fifteen},
                       {"one_to_fifteen", m.one_to_fifteen},
                       {"one_to_five", m.one_to_five}});
  out += "},\"count\":";
  append_json_number(out, m.count);
  out += ',';
  append_members(
    out, {{"day", m.day}, {"fifteen", m.fifteen}, {"five", m.five}, {"mean", m.mean}, {"one", m.one}});
  out += '}';
}

void append_retention(std::string& out, const retention_report& r) {
  out += '{';
  append_members(out, {{"arithmetic_mean", r.arithmetic_mean},
                       {"geometric_mean", r.geometric_mean},
                       {"harmonic_mean", r.harmonic_mean}});
  out += ",\"histogram\":[";
  std::string_view before = "";
  for (const auto& bin : r.histogram) {
    out += std::exchange(before, ",");
    out += "{\"bin\":";
    append_json_number(out, bin.upper);
    out += ",\"count\":";
    append_json_number(out, bin.count);
    out += '}';
  }
  out += "],";
  append_members(out, {{"kurtosis", r.kurtosis}, {"max", r.max}, {"median", r.median}, {"min", r.min}});
  out += ",\"n\":";
  append_json_number(out, r.n);
  out += ",\"percentile\":{";
  append_members(
    out, {{"50", r.p50}, {"75", r.p75}, {"90", r.p90}, {"95", r.p95}, {"99", r.p99}, {"999", r.p999}});
  out += "},";
  append_members(
    out, {{"skewness", r.skewness}, {"standard_deviation", r.standard_deviation}, {"variance", r.variance}});
  out += '}';
}

} // namespace

std::string stats_json(const node_names& nodes, const std::vector<queue_report>& queues) {
  std::string out;
  out += "{\"active_nodes\":";
  append_json_strings(out, nodes.active);
  out += ",\"all_nodes\":";
  append_json_strings(out, nodes.all);
  out += ",\"queues\":{";
  std::string_view before = "";
  for (const auto& q : queues) {
    out += std::exchange(before, ",");
    append_json_name(out, q.name);
    out += q.down ? ":{\"down\":true" : ":{\"down\":false";
    if (!q.home.empty()) {
      out += ",\"home\":";
      append_json_string(out, q.home);
    }
    out += ",\"memory\":";
    append_json_number(out, q.memory_bytes);
    out += ",\"nodes\":";
    append_json_strings(out, q.nodes.empty() ? nodes.all : q.nodes);
    out += ",\"props\":";
    append_json(out, q.in_force);
    out += ",\"restarts\":";
    append_json_number(out, q.restarts);
    out += ",\"size\":";
    append_json_number(out, q.size);
    out += ",\"stats\":{\"pull\":";
    append_meter(out, q.pull);
    out += ",\"push\":";
    append_meter(out, q.push);
    out += ",\"retention\":";
    append_retention(out, q.retention);
    out += "}}";
  }
  out += "}}";
  return out;
}

} // namespace lmq
