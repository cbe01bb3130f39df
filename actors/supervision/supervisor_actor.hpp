// The root of the supervision tree: starts the broker's other actors and starts them again when they crash.
//
// Owns the registry's cell, from which a new registry goes on; pull_any and fan_out begin anew, and gateways
// send again what waited there. Whoever finds a door closed asks here for the doors of now. An actor that
// crashes too often pauses for a moment (restart_limit::pause). Nobody watches this one, so it does as
// little as it can.
#pragma once

#include "actors/hooks/hook.hpp"
#include "actors/messages.hpp"
#include "core/memory_account.hpp"
#include "core/write_room.hpp"
#include "metrics/queue_board.hpp"

#include <caf/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lmq {

/// What a broker is made of, and what it is part of.
struct broker_options {
  hook_catalog hooks;
  std::size_t queues_max = SIZE_MAX; ///< that clients may make
  journal_handle journal = {};       ///< of all queues; null: none records anything, and each serves at once
  home_tag home{};                   ///< in the ids of the leases and compounds that are made here
  /// Reads messages that were put away; see journal_handle
  std::function<std::optional<message>(const std::string& queue, message_id)> read = {};
  bool serves = false;                   ///< queues serve at once, though there is a journal
  std::shared_ptr<write_room> room = {}; ///< where facts are written; null: there is always some
  /// Calls what it is given when the requests that are there now have been read, on the thread that calls it:
  /// a queue's facts of a burst go to the journal as one. Null: they go behind what is in the queue's mailbox
  std::function<void(std::function<void()> what)> later = {};
  /// Makes the registry that everybody else is given from the one that knows this node's queues. Called for
  /// each that is started, first by `start_broker` and later on the supervisor's thread; must not throw.
  /// Null: both are the same. Whoever makes an actor here ends it.
  std::function<registry_handle(const registry_handle& inner)> front_of = {};
  cluster_handle cluster = {};                 ///< for `broker::cluster`
  backup_handle backup = {};                   ///< for `broker::backup`
  std::shared_ptr<queue_board> figures = {};   ///< where queues write theirs; null: nobody reads them
  std::shared_ptr<memory_account> memory = {}; ///< is told what queues hold; null: nobody counts
  metrics_handle metrics = {};                 ///< for `broker::metrics`
};

/// Starts the supervisor and what it supervises.
broker spawn_supervisor(caf::actor_system& system, broker_options options);

} // namespace lmq
