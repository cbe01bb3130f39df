#include "actors/hooks/hook.hpp"

#include "actors/hooks/preserve_header.hpp"

#include <algorithm>

namespace lmq {

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

} // namespace

void hook::pre_http_push(const header_list&, message&) const {}

hook_catalog hook_catalog::built_in() {
  hook_catalog catalog;
  catalog.add("lmq_hook_preserve_header", {"pre_http_push"}, make_preserve_header);
  return catalog;
}

void hook_catalog::add(std::string name, std::vector<std::string> points, hook_factory make) {
  entries_[std::move(name)] = {std::move(points), std::move(make)};
}

result<void> hook_catalog::check(const hook_settings& settings) const {
  std::size_t calls = 0;
  for (const auto& [point, at_point] : settings) {
    if ((calls += at_point.size()) > property_limits::hooks_max)
      return refuse(reason::over_limit, "too many hooks; at most " +
                                          std::to_string(property_limits::hooks_max) +
                                          " may be set for a queue");
    for (const auto& call : at_point)
      if (auto made = make(point, call); !made)
        return tl::unexpected{made.error()};
    if (at_point.empty() && !has_point(point))
      return refuse(reason::unknown_hook, "there is no hook point '" + point + "'; there is: pre_http_push");
  }
  return {};
}

result<std::unique_ptr<const hook>> hook_catalog::make(const std::string& point,
                                                       const hook_call& call) const {
  if (!has_point(point))
    return refuse(reason::unknown_hook, "there is no hook point '" + point + "'; there is: pre_http_push");
  auto it = entries_.find(call.name);
  if (it == entries_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : entries_)
      names.push_back(name);
    return refuse(reason::unknown_hook, "there is no hook '" + call.name + "'; there is: " + listed(names));
  }
  const auto& points = it->second.points;
  if (std::find(points.begin(), points.end(), point) == points.end())
    return refuse(reason::unknown_hook, "the hook '" + call.name + "' can't be used at '" + point +
                                          "'; it can at: " + listed(points));
  return it->second.make(call.arguments);
}

bool hook_catalog::has_point(const std::string& point) {
  return point == "pre_http_push";
}

} // namespace lmq
