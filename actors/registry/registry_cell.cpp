#include "actors/registry/registry_cell.hpp"

#include <caf/send.hpp>

namespace lmq {

void registry_cell::close_queues() {
  for (auto& [name, q] : queues)
    if (q.ref.actor)
      caf::anon_send(q.ref.actor, close_atom::value);
  queues.clear();
  names.clear();
  subscribers.clear();
  rules_set.clear();
}

} // namespace lmq
