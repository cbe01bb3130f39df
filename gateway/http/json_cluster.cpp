#include "gateway/http/json_cluster.hpp"

#include "gateway/http/json_text.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace lmq {

namespace {

void append_member(std::string& out, const member_report& m) {
  out += "{\"name\":";
  append_json_string(out, m.name);
  out += ",\"address\":";
  append_json_string(out, m.address);
  out += ",\"state\":\"";
  out += to_text(m.state);
  out += m.self ? "\",\"self\":true" : "\",\"self\":false";
  out += ",\"lag_messages\":";
  append_json_number(out, m.lag_messages);
  out += ",\"lag_bytes\":";
  append_json_number(out, m.lag_bytes);
  out += '}';
}

} // namespace

std::string cluster_json(const cluster_status& cluster) {
  std::string out = "{\"node\":";
  append_json_string(out, cluster.node);
  if (cluster.serving) {
    out += ",\"serving\":true";
  } else {
    out += ",\"serving\":false,\"reason\":";
    append_json_string(out, cluster.reason);
  }
  out += ",\"members\":[";
  std::string_view before = "";
  for (const auto& m : cluster.members) {
    out += std::exchange(before, ",");
    append_member(out, m);
  }
  out += "]}";
  return out;
}

tl::expected<host_port, http_refusal> parse_join(std::string_view text) {
  auto no = [](http_reason why, std::string message) {
    return tl::unexpected<http_refusal>(http_refusal{why, std::move(message)});
  };
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object() || document.size() != 1 || !document.contains("address") ||
      !document["address"].is_string())
    return no(http_reason::bad_json,
              "send the cluster port of a node to join, as {\"address\":\"HOST:PORT\"}");
  auto address = parse_host_port(document["address"].get_ref<const std::string&>());
  if (!address)
    return no(http_reason::bad_parameter, "address: " + address.error());
  if (address->port == 0)
    return no(http_reason::bad_parameter, "address: port 0 is nobody's; send the other node's cluster port");
  return *std::move(address);
}

} // namespace lmq
