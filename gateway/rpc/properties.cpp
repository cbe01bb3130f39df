#include "gateway/rpc/properties.hpp"

#include "gateway/rpc/pack.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace lmq {

namespace {

// -- in ----------------------------------------------------------------------------------------------------------------

std::optional<milliseconds> read_seconds(value_reader& in) {
  auto max = std::chrono::duration<double>(property_limits::time_max).count();
  auto seconds = in.number();
  if (!seconds || !(*seconds >= 0) || *seconds > max)
    return std::nullopt;
  // What is above 0 stays so: 0 has a meaning of its own.
  return milliseconds{*seconds > 0 ? std::max(1LL, std::llround(*seconds * 1000)) : 0};
}

std::optional<std::uint32_t> read_retry(value_reader& in) {
  auto retry = in.whole(property_limits::retry_max);
  return retry ? std::optional{static_cast<std::uint32_t>(*retry)} : std::nullopt;
}

std::optional<std::uint64_t> read_queue_limit(value_reader& in) {
  return in.whole(property_limits::queue_limit_max);
}

/// Whether it may be a queue's name is for the registry to say.
std::optional<std::string> read_dead_letter(value_reader& in) {
  auto name = in.text();
  return name ? std::optional{std::string(*name)} : std::nullopt;
}

/// `["name", ["argument", …]]`, with strings alone.
std::optional<hook_call> read_call(value_reader& in) {
  if (in.array() != 2u)
    return std::nullopt;
  auto name = in.text();
  if (!name)
    return std::nullopt;
  hook_call call{std::string(*name), {}};
  auto arguments = in.array();
  if (!arguments)
    return std::nullopt;
  for (auto left = *arguments; left > 0; --left) {
    auto argument = in.text();
    if (!argument)
      return std::nullopt;
    call.arguments.emplace_back(*argument);
  }
  return call;
}

/// `{"pre_http_push": [call, …]}`.
std::optional<hook_settings> read_hooks(value_reader& in) {
  hook_settings hooks;
  std::size_t calls = 0;
  auto points = in.map();
  if (!points)
    return std::nullopt;
  for (auto left = *points; left > 0; --left) {
    auto point = in.text();
    auto count = point ? in.array() : std::nullopt;
    if (!count)
      return std::nullopt;
    auto& at = hooks[std::string(*point)];
    for (auto more = *count; more > 0; --more) {
      auto call = ++calls <= property_limits::hooks_max ? read_call(in) : std::nullopt;
      if (!call)
        return std::nullopt;
      at.push_back(std::move(*call));
    }
  }
  return hooks;
}

/// Puts what was read into its place; false if it could not be read.
template <class T>
bool put(std::optional<T>& place, std::optional<T> value) {
  if (!value)
    return false;
  place = std::move(value);
  return true;
}

// -- out ---------------------------------------------------------------------------------------------------------------

/// Whole numbers as integers.
void append_seconds(packer& out, milliseconds time) {
  if (time.count() % 1000 == 0)
    out.pack_int64(time.count() / 1000);
  else
    out.pack_double(static_cast<double>(time.count()) / 1000);
}

void append_hooks(packer& out, const hook_settings& hooks) {
  out.pack_map(static_cast<std::uint32_t>(hooks.size()));
  for (const auto& [point, calls] : hooks) {
    out.string(point);
    out.pack_array(static_cast<std::uint32_t>(calls.size()));
    for (const auto& call : calls) {
      out.pack_array(2);
      out.string(call.name);
      out.pack_array(static_cast<std::uint32_t>(call.arguments.size()));
      for (const auto& argument : call.arguments)
        out.string(argument);
    }
  }
}

void append_set(packer& out, const property_set& set) {
  auto keys = set.accum.has_value() + set.hooks.has_value() + set.max_bytes.has_value() +
              set.max_messages.has_value() + set.retry.has_value() + set.timeout.has_value() +
              set.paused.has_value() + set.dead_letter.has_value();
  out.pack_map(static_cast<std::uint32_t>(keys));
  if (set.dead_letter) {
    out.string("dead_letter");
    out.string(*set.dead_letter);
  }
  if (set.hooks) {
    out.string("hooks");
    append_hooks(out, *set.hooks);
  }
  if (set.max_bytes) {
    out.string("max_bytes");
    out.pack_uint64(*set.max_bytes);
  }
  if (set.max_messages) {
    out.string("max_messages");
    out.pack_uint64(*set.max_messages);
  }
  if (set.accum) {
    out.string("pack");
    append_seconds(out, *set.accum);
  }
  if (set.paused) {
    out.string("paused");
    if (*set.paused)
      out.pack_true();
    else
      out.pack_false();
  }
  if (set.retry) {
    out.string("retry");
    out.pack_uint32(*set.retry);
  }
  if (set.timeout) {
    out.string("timeout");
    append_seconds(out, *set.timeout);
  }
}

} // namespace

std::optional<property_set> read_properties(value_reader& in) {
  property_set set;
  std::optional<std::string_view> window; ///< the name that the window was given by
  auto count = in.map();
  if (!count)
    return std::nullopt;
  for (auto left = *count; left > 0; --left) {
    auto key = in.text();
    auto good = false;
    if (key == "pack" || key == "accum") {
      good = window.value_or(*key) == *key && put(set.accum, read_seconds(in));
      window = key;
    } else if (key == "timeout") {
      good = put(set.timeout, read_seconds(in));
    } else if (key == "retry") {
      good = put(set.retry, read_retry(in));
    } else if (key == "hooks") {
      good = put(set.hooks, read_hooks(in));
    } else if (key == "max_messages") {
      good = put(set.max_messages, read_queue_limit(in));
    } else if (key == "max_bytes") {
      good = put(set.max_bytes, read_queue_limit(in));
    } else if (key == "paused") {
      good = put(set.paused, in.boolean());
    } else if (key == "dead_letter") {
      good = put(set.dead_letter, read_dead_letter(in));
    }
    if (!good)
      return std::nullopt;
  }
  return set;
}

std::optional<std::vector<rule>> read_rules(value_reader& in) {
  std::vector<rule> rules;
  auto count = in.array();
  if (!count)
    return std::nullopt;
  for (auto left = *count; left > 0; --left) {
    if (in.array() != 2u)
      return std::nullopt;
    auto pattern = in.text();
    auto set = pattern ? read_properties(in) : std::nullopt;
    if (!set)
      return std::nullopt;
    rules.push_back({std::string(*pattern), std::move(*set)});
  }
  return rules;
}

void append_rules(outbox& out, const std::vector<rule>& rules) {
  pack_stream stream{out};
  packer pack{stream};
  pack.pack_array(static_cast<std::uint32_t>(rules.size()));
  for (const auto& r : rules) {
    pack.pack_array(2);
    pack.string(r.pattern);
    append_set(pack, r.set);
  }
}

} // namespace lmq
