// Properties and rules as JSON, in and out.
#pragma once

#include "core/properties.hpp"
#include "gateway/http/refusals.hpp"

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace lmq {

/// An object of properties, e.g. `{"accum":0.5,"retry":2}`. `pack` is another name for `accum`.
/// Errors: bad_json (no JSON, or no object), unknown_property, bad_property
tl::expected<property_set, http_refusal> parse_properties(std::string_view json);

/// A list of rules, `[["^regex",{"retry":2}],…]`. Patterns are not compiled here.
/// Errors: as above; bad_json also for a rule of another shape
tl::expected<std::vector<rule>, http_refusal> parse_rules(std::string_view json);

/// Compact, keys in alphabetical order.
void append_json(std::string& out, const property_set& set);
void append_json(std::string& out, const properties& p);
void append_json(std::string& out, const std::vector<rule>& rules);

} // namespace lmq
