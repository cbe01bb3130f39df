#include "core/properties.hpp"

#include <algorithm>

namespace lmq {

properties effective(const property_set& own, const property_set* rule) {
  properties p;
  auto settle = [&](auto& value, auto key) {
    if (own.*key)
      value = *(own.*key);
    else if (rule != nullptr && rule->*key)
      value = *(rule->*key);
  };
  settle(p.accum, &property_set::accum);
  settle(p.retry, &property_set::retry);
  settle(p.timeout, &property_set::timeout);
  settle(p.hooks, &property_set::hooks);
  settle(p.max_messages, &property_set::max_messages);
  settle(p.max_bytes, &property_set::max_bytes);
  settle(p.paused, &property_set::paused);
  settle(p.dead_letter, &property_set::dead_letter);
  return p;
}

properties of_queue(std::string_view name, properties in_force) {
  if (in_force.dead_letter == name)
    in_force.dead_letter.reset();
  return in_force;
}

void merge(property_set& into, const property_set& change) {
  auto take = [&](auto key) {
    if (change.*key)
      into.*key = change.*key;
  };
  take(&property_set::accum);
  take(&property_set::retry);
  take(&property_set::timeout);
  take(&property_set::hooks);
  take(&property_set::max_messages);
  take(&property_set::max_bytes);
  take(&property_set::paused);
  take(&property_set::dead_letter);
}

result<void> check_queue_name(std::string_view name) {
  if (name.empty())
    return refuse(reason::bad_name, "the queue name is empty; send 1 to 255 bytes");
  if (name.size() > queue_name_bytes_max)
    return refuse(reason::bad_name,
                  "the queue name has " + std::to_string(name.size()) + " bytes; send at most 255");
  auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), control))
    return refuse(reason::bad_name,
                  "the queue name holds a control character; any other byte may stand in it");
  return {};
}

result<void> check_dead_letter(const property_set& set, std::optional<std::string_view> of) {
  if (!set.dead_letter || set.dead_letter->empty())
    return {};
  if (auto ok = check_queue_name(*set.dead_letter); !ok)
    return refuse(reason::bad_name, "dead_letter: " + ok.error().detail);
  if (of && *set.dead_letter == *of)
    return refuse(reason::bad_property,
                  "a queue can't be its own queue of dead letters; name another one, or "
                  "\"\" to have messages discarded that are out of retries");
  return {};
}

} // namespace lmq
