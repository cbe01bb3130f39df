#include "apps/client/admin_text.hpp"

#include "apps/client/table.hpp"
#include "core/dead_letter.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace lmq::client {

namespace {

using json = nlohmann::ordered_json;

/// Characters of a body that a line shows.
constexpr std::size_t body_shown_max = 60;

template <class F>
auto text_of(std::string_view document, F make) -> checked<decltype(make(json{}))> {
  try {
    return make(json::parse(document));
  } catch (const json::exception&) {
    return tl::unexpected<std::string>(std::string{not_understood});
  }
}

std::uint64_t count_of(const json& object, const char* key) {
  return object.at(key).get<std::uint64_t>();
}

std::string number_of(const json& object, const char* key) {
  return std::to_string(count_of(object, key));
}

std::string state_of(const json& queue) {
  return queue.at("down").get<bool>() ? "DOWN" : queue.at("paused").get<bool>() ? "paused" : "";
}

/// The beginning of a body, not cut within a character.
std::string beginning_of(const json& content) {
  if (content.contains("body_base64"))
    return "(binary)";
  if (!content.contains("body"))
    return "(not read)";
  auto body = content.at("body").get<std::string>();
  if (body.size() <= body_shown_max)
    return body;
  auto end = body_shown_max;
  while (end > 0 && (static_cast<unsigned char>(body[end]) & 0xc0) == 0x80)
    --end;
  return body.substr(0, end) + "…";
}

/// Of a message; empty where it has none of that name. A compound has none of its own.
std::string header_of(const json& message, std::string_view name) {
  auto headers = message.find("headers");
  if (headers != message.end())
    for (auto& header : *headers)
      if (header.at(0) == name)
        return header.at(1).get<std::string>();
  return {};
}

/// `accum=0 retry=2`
std::string settings_of(const json& properties) {
  std::string out;
  for (auto& [key, value] : properties.items())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, value.dump());
  return out;
}

} // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  return bytes < 10 * kib         ? fmt::format("{}B", bytes)
         : bytes < 10 * kib * kib ? fmt::format("{}KiB", bytes / kib)
                                  : fmt::format("{}MiB", bytes / kib / kib);
}

checked<std::uint64_t> queues_table::add(std::string_view page) {
  return text_of(page, [this](const json& told) {
    for (auto& q : told.at("queues"))
      rows_.push_back({q.at("name").get<std::string>(), number_of(q, "ready"), number_of(q, "leased"),
                       number_of(q, "accumulating"), number_of(q, "waiters"),
                       size_text(count_of(q, "memory")), q.value("home", ""), state_of(q)});
    return count_of(told, "total");
  });
}

std::string queues_table::text() const {
  return table_text(rows_);
}

checked<std::uint64_t> queues_document::add(std::string_view page) {
  return text_of(page, [this](const json& told) {
    for (auto& q : told.at("queues").get_ref<const json::array_t&>())
      (queues_ += ',') += q.dump();
    total_ = count_of(told, "total");
    return total_;
  });
}

std::string queues_document::text() const {
  return fmt::format("{{\"queues\":[{}],\"total\":{}}}\n",
                     std::string_view{queues_}.substr(queues_.empty() ? 0 : 1), total_);
}

checked<std::string> messages_text(std::string_view document) {
  return text_of(document, [](const json& told) {
    auto& messages = told.at("messages");
    // How they died is asked of a queue of dead letters alone.
    bool has_dead = std::any_of(messages.begin(), messages.end(), [](const json& m) {
      return !header_of(m, dead_letter_headers::queue).empty();
    });
    std::vector<table_row> rows{{"ID", "AGE", "SIZE", "DELIVERIES", "RETRIES"}};
    if (has_dead)
      rows.front().insert(rows.front().end(), {"DIED-IN", "DIED-OF", "AFTER"});
    rows.front().insert(rows.front().end(), {"CONTENT-TYPE", "BODY"});
    for (auto& m : messages) {
      bool compound = m.at("type") == "compound";
      table_row row{m.at("id").get<std::string>(), fmt::format("{:.0f}s", m.at("age").get<double>()),
                    size_text(count_of(m, "size")), number_of(m, "deliveries"), number_of(m, "retries_left")};
      if (has_dead)
        for (auto name :
             {dead_letter_headers::queue, dead_letter_headers::reason, dead_letter_headers::deliveries})
          row.push_back(header_of(m, name));
      row.push_back(compound ? "(compound)" : m.value("content_type", ""));
      row.push_back(compound ? fmt::format("{} parts", count_of(m, "parts_total")) : beginning_of(m));
      rows.push_back(std::move(row));
    }
    return table_text(rows);
  });
}

checked<std::string> purged_text(std::string_view document) {
  return text_of(document,
                 [](const json& told) { return fmt::format("{} purged\n", count_of(told, "purged")); });
}

checked<std::string> moved_text(std::string_view document) {
  return text_of(document,
                 [](const json& told) { return fmt::format("{} moved\n", count_of(told, "moved")); });
}

checked<std::string> properties_text(std::string_view document) {
  return text_of(document, [](const json& told) {
    std::vector<table_row> rows{{"PROPERTY", "VALUE"}};
    for (auto& [key, value] : told.items())
      rows.push_back({key, value.dump()});
    return table_text(rows);
  });
}

checked<std::string> rules_text(std::string_view document) {
  return text_of(document, [](const json& told) {
    std::vector<table_row> rows{{"NAMES", "PROPERTIES"}};
    for (auto& rule : told)
      rows.push_back({rule.at(0).get<std::string>(), settings_of(rule.at(1))});
    return table_text(rows);
  });
}

checked<std::string> stats_text(std::string_view document) {
  return text_of(document, [](const json& told) {
    std::vector<table_row> rows{
      {"QUEUE", "SIZE", "MEMORY", "PUSHED", "PER-SECOND", "PULLED", "PER-SECOND", "RETENTION"}};
    for (auto& [name, q] : told.at("queues").items()) {
      auto& push = q.at("stats").at("push");
      auto& pull = q.at("stats").at("pull");
      rows.push_back({name, number_of(q, "size"), size_text(count_of(q, "memory")), number_of(push, "count"),
                      fmt::format("{:.1f}", push.at("one").get<double>()), number_of(pull, "count"),
                      fmt::format("{:.1f}", pull.at("one").get<double>()),
                      fmt::format("{:.3f}s", q.at("stats").at("retention").at("median").get<double>())});
    }
    return table_text(rows);
  });
}

checked<top_table> top_text(std::string_view document, std::map<std::string, std::uint64_t>& before,
                            std::size_t lines) {
  return text_of(document, [&](const json& told) {
    std::vector<std::pair<std::uint64_t, table_row>> queues;
    std::map<std::string, std::uint64_t> sizes;
    for (auto& q : told.at("queues")) {
      auto name = q.at("name").get<std::string>();
      auto size = count_of(q, "size");
      auto then = before.find(name);
      auto change = static_cast<std::int64_t>(size - (then != before.end() ? then->second : size));
      sizes[name] = size;
      queues.emplace_back(
        size, table_row{name, std::to_string(size), change == 0 ? "" : fmt::format("{:+}", change),
                        number_of(q, "ready"), number_of(q, "leased"), number_of(q, "accumulating"),
                        number_of(q, "waiters"), size_text(count_of(q, "memory")), state_of(q)});
    }
    std::stable_sort(queues.begin(), queues.end(), [](auto& x, auto& y) { return x.first > y.first; });
    if (lines > 0 && queues.size() + 1 > lines)
      queues.resize(lines - 1);
    std::vector<table_row> rows{
      {"QUEUE", "SIZE", "CHANGE", "READY", "LEASED", "ACCUMULATING", "WAITERS", "MEMORY", "STATE"}};
    for (auto& [size, row] : queues)
      rows.push_back(std::move(row));
    before = std::move(sizes);
    return top_table{table_text(rows), queues.size(), count_of(told, "total")};
  });
}

} // namespace lmq::client
