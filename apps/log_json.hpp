// A line of the log as members of a JSON object. A pure function.
#pragma once

#include <string>
#include <string_view>

namespace lmq {

/// `"level":…,"event":…` and a member for each field of `id key=value key="value" …`. A number, `true` and
/// `false` stand as such. What is no field goes into `message`. Values in quotes are those of
/// core/log_value.hpp.
std::string log_members(std::string_view level, std::string_view event);

} // namespace lmq
