// What to do about a broken promise of our own code: say so and end the process, in every build.
#pragma once

namespace lmq {

/// Prints `what` to stderr and aborts.
[[noreturn]] void event_loop_bug(const char* what) noexcept;

} // namespace lmq
