#include "actors/hooks/hook_chain.hpp"

#include "core/log_value.hpp"

#include <spdlog/spdlog.h>

namespace lmq {

namespace {

void skipped(const std::string& queue, const std::string& name, const std::string& why) {
  spdlog::warn("hook.skipped queue={} hook={} why={}", log_value(queue), log_value(name), log_value(why));
}

} // namespace

hook_chain::hook_chain(const properties& in_force, const hook_catalog& catalog, const std::string& queue) {
  if (!in_force.hooks)
    return;
  for (const auto& [point, calls] : *in_force.hooks)
    for (const auto& call : calls) {
      try {
        if (auto made = catalog.make(point, call))
          hooks_.push_back({call.name, std::move(*made)});
        else
          skipped(queue, call.name, made.error().detail);
      } catch (const std::exception& e) {
        skipped(queue, call.name, e.what());
      }
    }
}

void hook_chain::pre_http_push(const header_list& request, message& pushed, const std::string& queue) const {
  for (const auto& h : hooks_) {
    auto before = pushed; // two handles
    try {
      h.run->pre_http_push(request, pushed);
    } catch (const std::exception& e) {
      pushed = std::move(before);
      skipped(queue, h.name, e.what());
    } catch (...) {
      pushed = std::move(before);
      skipped(queue, h.name, "not a std::exception");
    }
  }
}

} // namespace lmq
