#include "cluster/broken.hpp"

#include "core/log_value.hpp"

#include <spdlog/spdlog.h>

namespace lmq {

caf::error end_broken_node(caf::scheduled_actor*, std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& broken) {
    spdlog::critical("cluster.broken what={} message=\"this process ends; the other nodes go on\"",
                     log_value(broken.what()));
  }
  std::terminate();
}

} // namespace lmq
