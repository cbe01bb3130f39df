// `lmq serve`: a node from its start to its end.
//
// Main thread. Signals are taken here and nowhere else.
#pragma once

#include "apps/exit_code.hpp"
#include "apps/settings.hpp"

namespace lmq {

/// Runs a node until SIGTERM or SIGINT, then stops it in good order; a second signal ends the process at
/// once. What keeps it from starting is one line on standard error.
exit_code serve(settings asked);

} // namespace lmq
