// Who is let in: the files of tokens, certificate and key, read at the start and again when somebody asks,
// and what the log says of it.
//
// Main thread.
#pragma once

#include "apps/settings.hpp"
#include "gateway/admission.hpp"

#include <optional>

namespace lmq {

/// Reads the files that are named. Errors: a sentence that names the option, and the line of a file of tokens
checked<admission_terms> read_access(const access_settings& asked);

/// Tells what is open to whom: warns of every port that others reach and anyone may use, and of files with
/// secrets that others may read.
void log_access(const settings& asked, const admission_terms& terms);

/// Reads the files again, and logs what came of it.
/// @returns nothing if something is wrong: all stays as it was then
std::optional<admission_terms> read_access_again(const access_settings& asked);

} // namespace lmq
