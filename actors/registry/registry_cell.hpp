// What the registry knows, apart from the actor that works on it: it outlives that actor's crash.
//
// Holds the names, rules and properties, and each queue's cell, actor and restart limit. Owned by the
// supervisor and lent to one registry actor at a time; only whoever it is lent to looks inside.
#pragma once

#include "actors/guarded_promise.hpp"
#include "actors/messages.hpp"
#include "actors/queue/queue_cell.hpp"
#include "actors/registry/registry_machine.hpp"
#include "actors/supervision/life_sign.hpp"
#include "actors/supervision/restart_limit.hpp"

#include <atomic>
#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/message.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace lmq {

struct registry_cell {
  struct queue {
    queue_ref ref;
    std::shared_ptr<std::atomic<bool>> wants_headers;
    queue_cell_ptr cell;
    restart_limit limit;
    std::string down;     ///< why it is left alone; empty: it is not
    bool counted = false; ///< the end of its last actor counts already, and it has no other yet
  };

  /// @param queues_max  see registry_machine
  /// @param figures     where queues write theirs; null: nobody reads them
  /// @param account     is told what queues hold; null: nobody counts
  registry_cell(const hook_catalog& hooks, std::size_t queues_max, std::shared_ptr<life_sign> of_actor,
                std::shared_ptr<queue_board> figures = nullptr,
                std::shared_ptr<memory_account> account = nullptr)
      : machine(hooks, queues_max),
        life(std::move(of_actor)),
        board(std::move(figures)),
        memory(std::move(account)) {}

  /// The node's end: asks every queue to end. Who waits there is answered with nothing.
  void close_queues();

  registry_machine machine;
  registry_effects decided;                             ///< in order …
  std::size_t performed = 0;                            ///< … and how many of them have been carried out
  std::vector<guarded_promise<caf::message>> rules_set; ///< answered when all queues follow the rules
  std::unordered_map<std::string, queue> queues;
  std::unordered_map<caf::actor_id, std::shared_ptr<const std::string>> names; ///< of the queues that run
  std::vector<caf::actor> subscribers;
  const std::shared_ptr<life_sign> life;
  const std::shared_ptr<queue_board> board;
  const std::shared_ptr<memory_account> memory;
};

using registry_cell_ptr = std::shared_ptr<registry_cell>;

} // namespace lmq
