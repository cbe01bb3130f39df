// The configuration file: `key = value`, one a line, a small part of TOML.
//
// Reads text into (key, value, place); what the keys mean is somebody else's business. Strict: what it does
// not understand is an error with the line's number, so that a misprint is never passed over. Any thread.
#pragma once

#include "apps/values.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// A setting that somebody gave, and where, as a person finds it: "--threads", "LMQ_THREADS", "lmq.toml:3:
/// threads".
struct given_setting {
  std::string key; ///< as in the options, without dashes in front
  std::string value;
  std::string place;
};

/// The settings in `text`. Strings stand in "double" (with \" \\ \t \n) or 'single' quotes (as they are);
/// numbers, true and false stand bare; # begins a comment; sections are refused, as are keys that come twice.
///
/// @param name  what places begin with
checked<std::vector<given_setting>> parse_config(std::string_view text, const std::string& name);

/// The same from a file. Errors name the file.
checked<std::vector<given_setting>> read_config_file(const std::string& path);

} // namespace lmq
