// Values in a line of the log.
#pragma once

#include <string>
#include <string_view>

namespace lmq {

/// The value of a field `key=value`, from wherever it comes: a name, a path, what a peer or the system said.
/// As it is where it has letters, digits and `._:/@+-` alone; else in quotes, with a backslash before each
/// quote and backslash in it, so that it ends where it ends and is no field of its own. In quotes, too:
/// nothing, and what a program would take for a number, `true` or `false`. Control characters are left to the
/// log's form.
///
/// Errors: none, for it is called where something has gone wrong; what memory does not suffice for is `?`
/// Cost: O(n)
std::string log_value(std::string_view value) noexcept;

/// The same backwards, at the front of a line: what stood in the quotes with which `line` begins.
///
/// @param line  begins with a quote; loses all of the value. One that does not end goes to the end of the
/// line
std::string take_log_value(std::string_view& line);

} // namespace lmq
