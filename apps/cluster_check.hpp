// Whether the settings of the cluster make sense together, before anything is started.
//
// Plain function; main thread. Looks names up and reads the TLS files, so it may block for a moment.
#pragma once

#include "apps/settings.hpp"

namespace lmq {

/// Errors: a sentence that names the option and says what to do; nothing was done
checked<void> check_cluster(const cluster_settings& asked);

} // namespace lmq
