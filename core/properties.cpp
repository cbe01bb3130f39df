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
  return p;
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

} // namespace lmq
