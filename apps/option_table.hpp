// Every setting of `lmq serve` in one table: its name, its help, how text becomes its value, how its value is
// shown.
//
// The command line, the environment, the configuration file and the help are made from it, so that none of
// them knows a setting that another does not. Constant data; any thread.
#pragma once

#include "apps/config_file.hpp"
#include "apps/settings.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// How often an option may stand on the command line.
enum class option_count : std::uint8_t {
  one,  ///< the last counts
  list, ///< all count; elsewhere they are one text with commas between them
};

struct serve_option {
  std::string_view name;        ///< `--name` on the command line, `name` in the file
  std::string_view group;       ///< its heading in the help
  std::string_view placeholder; ///< stands for the value in the help; empty: the option is a switch
  std::string_view help;        ///< one line, with the unit
  checked<void> (*set)(settings& into, std::string_view text);
  std::string (*show)(const settings& from); ///< empty: there is none, and an empty text asks for none
  option_count count = option_count::one;
};

std::span<const serve_option> serve_options();

/// `header-timeout` → `LMQ_HEADER_TIMEOUT`
std::string environment_name(std::string_view option);

/// What the environment says; variables that are empty count as not there.
///
/// @param get  as std::getenv
std::vector<given_setting> settings_in_environment(const char* (*get)(const char* name));

/// Puts each setting over what `into` holds; later ones win. Every one is checked, also those that a later
/// one overrides. Errors: an unknown key or a bad value, with its place.
checked<void> override_settings(settings& into, const std::vector<given_setting>& given);

} // namespace lmq
