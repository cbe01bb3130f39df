// A small file that an option names, whole.
#pragma once

#include "apps/values.hpp"

#include <cstddef>
#include <string>

namespace lmq {

/// Errors: a sentence with the system's words; `too_large`, for a file of more than `most`
checked<std::string> read_file(const std::string& path, std::size_t most, const std::string& too_large);

} // namespace lmq
