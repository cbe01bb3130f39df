// The disk without any server: how long it takes to write a little and be sure of it.
#pragma once

#include "tests/bench/modes/report.hpp"

#include <filesystem>

namespace lmq::bench {

/// A file in this folder would be kept in memory only, whatever is synced.
/// Errors: std::system_error
bool is_in_memory(const std::filesystem::path& folder);

/// Appends 4 KiB to a new file and waits for fdatasync, 300 times. With so few, p99.9 is the slowest.
/// Errors: std::system_error; interrupted
run_figures measure_fdatasync(const std::filesystem::path& folder);

} // namespace lmq::bench
