#include "gateway/http/json_health.hpp"

#include "gateway/http/json_text.hpp"

#include <string_view>
#include <utility>

namespace lmq {

std::string health_json(const health_report& health) {
  std::string out = R"({"live":true,"ready":)";
  out += health.ready ? "true" : "false";
  out += ",\"reasons\":";
  append_json_strings(out, health.reasons);
  out += ",\"restarts\":{";
  std::string_view before = "";
  for (const auto& [part, count] : health.restarts) {
    out += std::exchange(before, ",");
    append_json_string(out, part);
    out += ':';
    append_json_number(out, count);
  }
  out += "}}";
  return out;
}

} // namespace lmq
