#include "apps/client/status_text.hpp"

#include "apps/client/table.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <vector>

namespace lmq::client {

namespace {

using json = nlohmann::ordered_json;

/// `3 messages, 12KiB`; `0` where there is nothing.
std::string lag_of(const json& member) {
  auto messages = member.at("lag_messages").get<std::uint64_t>();
  auto bytes = member.at("lag_bytes").get<std::uint64_t>();
  if (messages == 0 && bytes == 0)
    return "0";
  constexpr std::uint64_t kib = 1024;
  auto size = bytes < 10 * kib         ? fmt::format("{}B", bytes)
              : bytes < 10 * kib * kib ? fmt::format("{}KiB", bytes / kib)
                                       : fmt::format("{}MiB", bytes / kib / kib);
  return fmt::format("{} messages, {}", messages, size);
}

table_row row_of(const json& member) {
  return {member.at("name").get<std::string>(), member.at("state").get<std::string>(),
          member.at("address").get<std::string>(),
          member.at("self").get<bool>() ? "this node" : lag_of(member)};
}

std::string joined(const json& texts) {
  std::string out;
  for (auto& text : texts)
    out += (out.empty() ? "" : ",") + text.get<std::string>();
  return out;
}

/// `accum=0 retry=2 timeout=30`, in the order of the document.
std::string properties_of(const json& queue) {
  std::string out = queue.value("down", false) ? "DOWN" : "";
  for (auto& [key, value] : queue.at("props").items())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, value.dump());
  return out;
}

std::string text_of(const json& cluster, const json& stats) {
  std::vector<table_row> nodes{{"NODE", "STATE", "ADDRESS", "LAG"}};
  std::string alone; // the name of a node that is its own cluster
  if (cluster.is_null()) {
    alone = stats.at("all_nodes").at(0).get<std::string>();
    nodes.push_back({alone, "alone", "", "this node"});
  } else {
    for (auto& member : cluster.at("members"))
      nodes.push_back(row_of(member));
  }
  std::vector<table_row> queues{{"QUEUE", "SIZE", "HOME", "COPIES", "PROPERTIES"}};
  for (auto& [name, queue] : stats.at("queues").items())
    queues.push_back({name, std::to_string(queue.at("size").get<std::uint64_t>()), queue.value("home", alone),
                      joined(queue.at("nodes")), properties_of(queue)});
  std::string out;
  if (!cluster.is_null() && !cluster.at("serving").get<bool>())
    out = fmt::format("{} does not serve: {}\n\n", in_sight(cluster.at("node").get<std::string>()),
                      in_sight(cluster.value("reason", "it does not say why")));
  return out + table_text(nodes) + '\n' + table_text(queues);
}

} // namespace

checked<std::string> status_text(std::string_view cluster, std::string_view stats) {
  try {
    return text_of(json::parse(cluster), json::parse(stats));
  } catch (const json::exception&) {
    return tl::unexpected<std::string>(
      "the server's answer is not understood; ask with the lmq of the server's version");
  }
}

} // namespace lmq::client
