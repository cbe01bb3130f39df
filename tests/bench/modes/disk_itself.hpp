// The disk without any server: how long it takes to write a little and be sure of it.
#pragma once

#include "tests/bench/modes/report.hpp"

#include <cstdint>
#include <filesystem>

namespace lmq::bench {

/// A file in this folder would be kept in memory only, whatever is synced.
/// Errors: std::system_error
bool is_in_memory(const std::filesystem::path& folder);

/// Where the bytes that are synced lie: the file's length is synced as well, or was before.
enum class file_end : std::uint8_t { appended, written_over };

/// Writes 4 KiB to a new file and waits for fdatasync, 300 times. With so few, p99.9 is the slowest.
/// Errors: std::system_error; interrupted
run_figures measure_fdatasync(const std::filesystem::path& folder, file_end where);

} // namespace lmq::bench
