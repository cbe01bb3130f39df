#include "gateway/http/json_properties.hpp"

#include "core/utf8.hpp"
#include "gateway/http/json_number.hpp"
#include "gateway/http/json_text.hpp"
#include "gateway/http/wire_time.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace lmq {

namespace {

using json = nlohmann::json;

template <class T>
using parsed = tl::expected<T, http_refusal>;

tl::unexpected<http_refusal> no(http_reason why, std::string message) {
  return tl::unexpected<http_refusal>(http_refusal{why, std::move(message)});
}

template <class T>
tl::unexpected<http_refusal> pass_on(parsed<T>& failed) {
  return tl::unexpected<http_refusal>(std::move(failed.error()));
}

// -- in ----------------------------------------------------------------------------------------------------------------

parsed<json> parse_text(std::string_view text) {
  auto document = json::parse(text, nullptr, false);
  if (document.is_discarded())
    return no(http_reason::bad_json, "the body is not JSON; send it as UTF-8, without anything behind it");
  return document;
}

parsed<milliseconds> parse_seconds(const std::string& key, const json& value) {
  auto max = std::chrono::duration<double>(property_limits::time_max).count();
  if (!value.is_number() || !(value.get<double>() >= 0) || value.get<double>() > max)
    return no(http_reason::bad_property, key + " is a time in seconds: send a number from 0 to " +
                                           std::to_string(static_cast<long long>(max)));
  // What is above 0 stays so: 0 has a meaning of its own.
  auto seconds = value.get<double>();
  return milliseconds{seconds > 0 ? std::max(1LL, std::llround(seconds * 1000)) : 0};
}

parsed<std::uint32_t> parse_retry(const json& value) {
  auto retry = json_whole_number(value, property_limits::retry_max);
  if (!retry)
    return no(http_reason::bad_property,
              "retry is how often a message may come again: send a whole number from 0 to " +
                std::to_string(property_limits::retry_max));
  return static_cast<std::uint32_t>(*retry);
}

parsed<std::uint64_t> parse_queue_limit(const std::string& key, const json& value) {
  auto limit = json_whole_number(value, property_limits::queue_limit_max);
  if (!limit)
    return no(http_reason::bad_property,
              key + " is how much the queue may hold: send a whole number from 1 to " +
                std::to_string(property_limits::queue_limit_max) + ", or 0 for no limit");
  return *limit;
}

parsed<bool> parse_paused(const json& value) {
  if (!value.is_boolean())
    return no(http_reason::bad_property,
              "paused is whether the queue delivers nothing for now: send true or false");
  return value.get<bool>();
}

/// Whether it may be a queue's name is for the registry to say.
parsed<std::string> parse_dead_letter(const json& value) {
  if (!value.is_string())
    return no(
      http_reason::bad_property,
      "dead_letter is the name of the queue for what is out of retries: send a string, or \"\" to have "
      "such messages discarded");
  return bytes_of_text(value.get<std::string>());
}

parsed<hook_call> parse_call(const json& value) {
  auto shape =
    no(http_reason::bad_property, "a hook is called as [\"name\",[\"argument\",…]], with strings alone");
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_array())
    return shape;
  hook_call call{value[0].get<std::string>(), {}};
  for (const auto& argument : value[1]) {
    if (!argument.is_string())
      return shape;
    call.arguments.push_back(argument.get<std::string>());
  }
  return call;
}

parsed<hook_settings> parse_hooks(const json& value) {
  if (!value.is_object())
    return no(http_reason::bad_property,
              "hooks are an object: {\"pre_http_push\":[[\"name\",[\"argument\",…]],…]}");
  hook_settings hooks;
  std::size_t calls = 0;
  for (const auto& [point, list] : value.items()) {
    if (!list.is_array())
      return no(http_reason::bad_property,
                "the hooks of a point are a list: [[\"name\",[\"argument\",…]],…]");
    auto& at = hooks[point];
    for (const auto& item : list) {
      if (++calls > property_limits::hooks_max)
        return no(http_reason::bad_property,
                  "hooks hold at most " + std::to_string(property_limits::hooks_max) + " calls");
      auto call = parse_call(item);
      if (!call)
        return pass_on(call);
      at.push_back(std::move(*call));
    }
  }
  return hooks;
}

/// Puts what was parsed into its place, or says why not.
template <class T>
parsed<void> put(std::optional<T>& place, parsed<T> value) {
  if (!value)
    return pass_on(value);
  place = std::move(*value);
  return {};
}

parsed<property_set> parse_set(const json& value) {
  if (!value.is_object())
    return no(http_reason::bad_json, "properties are an object: {\"accum\":0,\"retry\":2,\"timeout\":30}");
  if (value.contains("accum") && value.contains("pack"))
    return no(http_reason::bad_property, "pack is another name for accum; send one of them");
  property_set set;
  for (const auto& [key, item] : value.items()) {
    parsed<void> done;
    if (key == "accum" || key == "pack")
      done = put(set.accum, parse_seconds(key, item));
    else if (key == "timeout")
      done = put(set.timeout, parse_seconds(key, item));
    else if (key == "retry")
      done = put(set.retry, parse_retry(item));
    else if (key == "hooks")
      done = put(set.hooks, parse_hooks(item));
    else if (key == "max_messages")
      done = put(set.max_messages, parse_queue_limit(key, item));
    else if (key == "max_bytes")
      done = put(set.max_bytes, parse_queue_limit(key, item));
    else if (key == "paused")
      done = put(set.paused, parse_paused(item));
    else if (key == "dead_letter")
      done = put(set.dead_letter, parse_dead_letter(item));
    else
      done = no(http_reason::unknown_property,
                "there is no such property; those there are: accum, dead_letter, hooks, max_bytes, "
                "max_messages, paused, retry, timeout");
    if (!done)
      return pass_on(done);
  }
  return set;
}

// -- out ---------------------------------------------------------------------------------------------------------------

void append_hooks(std::string& out, const hook_settings& hooks) {
  char before_point = '{';
  for (const auto& [point, calls] : hooks) {
    out += std::exchange(before_point, ',');
    append_json_string(out, point);
    out += ":[";
    std::string_view before_call = "";
    for (const auto& call : calls) {
      out += std::exchange(before_call, ",");
      out += '[';
      append_json_string(out, call.name);
      out += ',';
      append_json_strings(out, call.arguments);
      out += ']';
    }
    out += ']';
  }
  out += hooks.empty() ? "{}" : "}";
}

} // namespace

parsed<property_set> parse_properties(std::string_view text) {
  auto document = parse_text(text);
  if (!document)
    return pass_on(document);
  return parse_set(*document);
}

parsed<std::vector<rule>> parse_rules(std::string_view text) {
  auto document = parse_text(text);
  if (!document)
    return pass_on(document);
  auto shape = no(http_reason::bad_json, "rules are a list of pairs: [[\"^regex\",{\"retry\":2}],…]");
  if (!document->is_array())
    return shape;
  if (document->size() > property_limits::rules_max)
    return no(http_reason::over_limit, "there are " + std::to_string(document->size()) +
                                         " rules; send at most " +
                                         std::to_string(property_limits::rules_max));
  std::vector<rule> rules;
  for (const auto& item : *document) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_object())
      return shape;
    auto set = parse_set(item[1]);
    if (!set)
      return pass_on(set);
    rules.push_back({item[0].get<std::string>(), std::move(*set)});
  }
  return rules;
}

void append_json(std::string& out, const property_set& set) {
  char before = '{';
  auto key = [&](std::string_view name) {
    out += std::exchange(before, ',');
    append_json_string(out, name);
    out += ':';
  };
  if (set.accum) {
    key("accum");
    append_wire_seconds(out, *set.accum);
  }
  if (set.dead_letter) {
    key("dead_letter");
    append_json_name(out, *set.dead_letter);
  }
  if (set.hooks) {
    key("hooks");
    append_hooks(out, *set.hooks);
  }
  if (set.max_bytes) {
    key("max_bytes");
    append_json_number(out, *set.max_bytes);
  }
  if (set.max_messages) {
    key("max_messages");
    append_json_number(out, *set.max_messages);
  }
  if (set.paused) {
    key("paused");
    out += *set.paused ? "true" : "false";
  }
  if (set.retry) {
    key("retry");
    append_json_number(out, std::uint64_t{*set.retry});
  }
  if (set.timeout) {
    key("timeout");
    append_wire_seconds(out, *set.timeout);
  }
  out += before == '{' ? "{}" : "}";
}

void append_json(std::string& out, const properties& p) {
  append_json(out, property_set{p.accum, p.retry, p.timeout, p.hooks, p.max_messages, p.max_bytes,
                                p.paused ? std::optional{true} : std::nullopt, p.dead_letter});
}

void append_json(std::string& out, const std::vector<rule>& rules) {
  out += '[';
  std::string_view before = "";
  for (const auto& r : rules) {
    out += std::exchange(before, ",");
    out += '[';
    append_json_string(out, r.pattern);
    out += ',';
    append_json(out, r.set);
    out += ']';
  }
  out += ']';
}

} // namespace lmq
