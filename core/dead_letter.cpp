#include "core/dead_letter.hpp"

#include <algorithm>

namespace lmq {

namespace headers = dead_letter_headers;

bool is_dead_letter_header(std::string_view name) noexcept {
  return std::find(headers::all.begin(), headers::all.end(), name) != headers::all.end();
}

namespace {

header_list others(const message& m, std::size_t and_more) {
  header_list kept;
  if (!m.preserved)
    return kept;
  kept.reserve(m.preserved->size() + and_more);
  for (const auto& header : *m.preserved)
    if (!is_dead_letter_header(header.first))
      kept.push_back(header);
  return kept;
}

} // namespace

message dead_letter_of(const message& m, const std::string& queue, std::uint32_t deliveries) {
  auto list = others(m, headers::all.size());
  list.emplace_back(headers::reason, "retries");
  list.emplace_back(headers::queue, queue);
  list.emplace_back(headers::deliveries, std::to_string(deliveries));
  return {m.content, std::make_shared<const header_list>(std::move(list))};
}

message revived(const message& dead) {
  auto list = others(dead, 0);
  return {dead.content, list.empty() ? nullptr : std::make_shared<const header_list>(std::move(list))};
}

std::optional<std::string> dead_queue_of(const message& m) {
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      if (name == headers::queue)
        return value;
  return std::nullopt;
}

} // namespace lmq
