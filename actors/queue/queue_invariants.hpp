// What is true of a queue machine between any two steps: one function a sentence.
//
// Run after every step of the model test, and before a restarted actor takes a machine over.
#pragma once

#include <optional>
#include <string>

namespace lmq {

class queue_machine;

/// The first sentence that does not hold; nothing if all do. O(n log n).
std::optional<std::string> broken_invariant(const queue_machine& machine);

} // namespace lmq
