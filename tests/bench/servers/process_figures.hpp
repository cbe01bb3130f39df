// What a process has used: CPU time, resident memory, context switches. Read from the kernel, by pid.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace lmq::bench {

/// CPU time of all threads of a process since it began, in seconds; 0 for pid 0 or a process that is gone.
/// The process's CPU clock: nanoseconds, where the same figures in /proc/PID/stat come in ticks of 10 ms.
double cpu_seconds(pid_t pid) noexcept;

/// The same for the calling thread.
double own_thread_cpu_seconds() noexcept;

/// Resident memory in bytes; 0 if it can't be read.
std::uint64_t resident_bytes(pid_t pid);

/// How often the process's threads went to sleep or were made to wait; 0 if it can't be read.
std::uint64_t context_switches(pid_t pid);

/// Waits until the process has used next to no CPU for a while, which says that it has digested what it was
/// sent. False: it was still busy after ten seconds. Errors: interrupted
bool wait_until_quiet(pid_t pid);

} // namespace lmq::bench
