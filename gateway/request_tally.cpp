#include "gateway/request_tally.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

namespace lmq {

namespace {

struct route_name {
  const char *method, *path, *rpc;
};

// clang-format off
template <class Asked> constexpr route_name name_of{};
template <> constexpr route_name name_of<push_one>{"POST", "/messages/:name", "push"};
template <> constexpr route_name name_of<pull_one>{"GET", "/messages/:name", "pull"};
template <> constexpr route_name name_of<push_matching>{"POST", "/messages", "push_all"};
template <> constexpr route_name name_of<pull_matching>{"GET", "/messages", "pull_any"};
template <> constexpr route_name name_of<settle_lease>{"POST", "/messages/:name/:id", "settle"};
template <> constexpr route_name name_of<delete_queue>{"DELETE", "/queues/:name", "delete"};
template <> constexpr route_name name_of<revive_queue>{"POST", "/queues/:name/revive", "revive"};
template <> constexpr route_name name_of<list_queues>{"GET", "/queues", ""};
template <> constexpr route_name name_of<describe_queue>{"GET", "/queues/:name", ""};
template <> constexpr route_name name_of<purge_queue>{"POST", "/queues/:name/purge", ""};
template <> constexpr route_name name_of<pause_queue>{"POST", "/queues/:name/pause", ""};
template <> constexpr route_name name_of<resume_queue>{"POST", "/queues/:name/resume", ""};
template <> constexpr route_name name_of<peek_messages>{"GET", "/queues/:name/messages", ""};
template <> constexpr route_name name_of<remove_message>{"DELETE", "/queues/:name/messages/:id", ""};
template <> constexpr route_name name_of<redrive_queue>{"POST", "/queues/:name/redrive", "redrive"};
template <> constexpr route_name name_of<get_rules>{"GET", "/properties", "get_default_props"};
template <> constexpr route_name name_of<put_rules>{"PUT", "/properties", "set_default_props"};
template <> constexpr route_name name_of<delete_rules>{"DELETE", "/properties", "delete_default_props"};
template <> constexpr route_name name_of<get_properties>{"GET", "/properties/:name", "get_props"};
template <> constexpr route_name name_of<patch_properties>{"PATCH", "/properties/:name", "update_props"};
template <> constexpr route_name name_of<delete_properties>{"DELETE", "/properties/:name", "update_props"};
template <> constexpr route_name name_of<get_stats>{"GET", "/stats", "stats"};
template <> constexpr route_name name_of<get_health>{"GET", "/health", "health"};
template <> constexpr route_name name_of<get_metrics>{"GET", "/metrics", "metrics"};
template <> constexpr route_name name_of<get_cluster>{"GET", "/cluster", "cluster"};
template <> constexpr route_name name_of<join_cluster>{"POST", "/cluster/join", "join"};
template <> constexpr route_name name_of<leave_cluster>{"POST", "/cluster/leave", "leave"};
template <> constexpr route_name name_of<forget_member>{"DELETE", "/cluster/members/:name", "forget"};
template <> constexpr route_name name_of<make_backup>{"POST", "/backup", "backup"};
// clang-format on

template <class... Asked>
constexpr std::array<route_name, sizeof...(Asked) + 2> names_of(std::type_identity<std::variant<Asked...>>) {
  static_assert(((name_of<Asked>.path != nullptr) && ...), "every request has a route");
  return {name_of<Asked>..., route_name{"GET", "/openapi.json", ""}, route_name{"", "", ""}};
}

constexpr auto names = names_of(std::type_identity<request>{});

} // namespace

std::size_t request_tally::slot_of(unsigned status) noexcept {
  auto it = std::lower_bound(statuses.begin(), statuses.end(), status);
  bool known = it != statuses.end() && *it == status;
  return known ? static_cast<std::size_t>(it - statuses.begin()) : statuses.size();
}

void request_tally::tell(const std::vector<std::shared_ptr<request_tally>>& all, metrics::families& out) {
  auto sum = [&](auto count) {
    std::uint64_t n = 0;
    for (const auto& one : all)
      n += count(*one).load(std::memory_order_relaxed);
    return n;
  };
  auto http = metrics::counter(out, "lmq_http_requests_total",
                               "HTTP requests answered; without a route: what was not understood.");
  for (kind k = 0; k < kinds; ++k)
    for (std::size_t s = 0; s <= statuses.size(); ++s)
      if (auto n = sum([&](const request_tally& t) -> const counter& { return t.http_[k][s]; }); n > 0)
        http.add(static_cast<double>(n),
                 {{"method", names[k].method},
                  {"route", names[k].path},
                  {"status", s < statuses.size() ? std::to_string(statuses[s]) : "other"}});
  auto rpc = metrics::counter(out, "lmq_rpc_calls_total", "Calls over MessagePack-RPC that were answered.");
  for (kind k = 0; k < kinds; ++k)
    for (std::size_t failed = 0; failed < 2; ++failed)
      if (auto n = sum([&](const request_tally& t) -> const counter& { return t.rpc_[k][failed]; }); n > 0)
        rpc.add(static_cast<double>(n), {{"method", names[k].rpc}, {"status", failed == 0 ? "ok" : "error"}});
}

} // namespace lmq
