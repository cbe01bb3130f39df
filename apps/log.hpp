// How the program's log looks: one line an event on standard error, and which events there are by level.
//
// All rooms log through spdlog's default logger, an event id first and then key=value fields:
//   spdlog::info("http.listen address={} port={}", …)
// which comes out as
//   2024-05-01T12:00:00.123Z info http.listen address=127.0.0.1 port=9980
// or, for programs, as
//   {"time":"2024-05-01T12:00:00.123Z","level":"info","event":"http.listen","address":"127.0.0.1","port":9980}
// A value that is not ours (a name, a path, what somebody else said) goes through log_value() of
// core/log_value.hpp, and so stays one value. A control character in a field (a name from a stranger,
// perhaps) is written as \x0a, so that a line stays a line, whoever reads it: see in_sight() of
// core/utf8.hpp. In JSON it is \u000a.
#pragma once

#include "apps/values.hpp"

#include <string>

namespace lmq {

/// Gives the default logger its place, form and level. Once, before the first event; also before other
/// threads start.
void open_log(log_level level, log_form form = log_form::text);

/// A line as the log would have it, its end included.
std::string in_log_form(const std::string& event, log_level level, log_form form = log_form::text);

} // namespace lmq
