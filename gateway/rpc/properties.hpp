// Properties and rules as MessagePack, in and out. The accumulation window is called `pack` here.
#pragma once

#include "core/properties.hpp"
#include "gateway/outbox.hpp"
#include "gateway/rpc/value_reader.hpp"

#include <optional>
#include <vector>

namespace lmq {

/// A map of properties, e.g. `{"pack": 0.5, "retry": 2}`. `accum` is another name for `pack`.
/// @returns nothing if it is no map, or holds what is no property or has no such value
std::optional<property_set> read_properties(value_reader& in);

/// A list of rules, `[["^regex", {"retry": 2}], …]`. Patterns are not compiled here.
/// @returns nothing if it is no such list, or a rule's properties are none
std::optional<std::vector<rule>> read_rules(value_reader& in);

/// As they were set, keys in alphabetical order.
void append_rules(outbox& out, const std::vector<rule>& rules);

} // namespace lmq
