// What the words of the command line ask for: a server with its settings, a client command, certificates,
// work on a data directory, or a text to read.
//
// Holds nothing; main thread. CLI11 reads the words and writes the help; which setting wins is decided here.
#pragma once

#include "apps/certificates.hpp"
#include "apps/client/commands.hpp"
#include "apps/disk_commands.hpp"
#include "apps/settings.hpp"

#include <string>
#include <variant>
#include <vector>

namespace lmq {

/// `--help` or `--version`: this is to be printed, and that is all.
struct text_wanted {
  std::string text;
};

using command = std::variant<text_wanted, settings, client::command, certificate_wanted, restore_wanted,
                             dump_wanted, repair_wanted>;

/// @param words        without the program's own name
/// @param environment  as std::getenv
/// Errors: a sentence that says what is wrong and what to write instead; nothing was done
/// Order: command line over environment over configuration file over defaults
checked<command> parse_command_line(const std::vector<std::string>& words,
                                    const char* (*environment)(const char* name));

} // namespace lmq
