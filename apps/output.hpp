// What commands print, and whether it has arrived.
#pragma once

#include "apps/values.hpp"

#include <cstdio>
#include <string_view>

namespace lmq {

/// Whether somebody reads what is written. Who has read enough and gone is no mistake of the command's.
enum class readers { there, gone };

/// Writes all of it, down to the system. Errors: a sentence that says why not.
checked<readers> write_out(std::FILE* to, std::string_view text);

/// What was written there until now, down to the system. Errors: as above
///
/// @param failed  errno of a write that has failed already; 0: none has
checked<readers> flush_out(std::FILE* to, int failed = 0);

} // namespace lmq
