// Makes copies of the data directory, one at a time, on a thread of its own: no I/O thread waits for a disk.
#pragma once

#include "actors/messages.hpp"
#include "apps/disk.hpp"

#include <caf/fwd.hpp>

#include <memory>

namespace lmq {

/// Ends with user_shutdown, once the copy that is under way is made. Holds the disk until then.
backup_handle spawn_backup(caf::actor_system& system, std::shared_ptr<const disk> of);

} // namespace lmq
