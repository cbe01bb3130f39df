// What becomes of an exception out of an actor of the cluster.
#pragma once

#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <exception>

namespace lmq {

/// The exception handler of actors whose state nobody could trust afterwards: says what happened and ends the
/// process, for the other nodes hold the same (docs/supervision.md). Does not return.
[[noreturn]] caf::error end_broken_node(caf::scheduled_actor*, std::exception_ptr& thrown);

} // namespace lmq
