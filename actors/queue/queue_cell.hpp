// What a queue is, apart from the actor that works on it: it outlives that actor's crash.
//
// Holds the machine with all messages and leases, what was decided and is not yet carried out, the promises
// to those who wait, the statistics. Owned by the registry, which supervises the queue, and lent to one actor
// at a time; only whoever it is lent to looks inside. So a queue that crashes loses nothing, and those who
// wait need not even know.
#pragma once

#include "actors/guarded_promise.hpp"
#include "actors/messages.hpp"
#include "actors/queue/queue_effects.hpp"
#include "actors/queue/queue_machine.hpp"
#include "actors/stats/queue_stats.hpp"
#include "actors/supervision/life_sign.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

namespace lmq {

/// The answer to the push or settle that is being worked on. From the instant at which it is decided, it is
/// given, by whichever actor comes to it.
class owed_answer {
public:
  /// The request that `self` is handling. What was owed before has been answered.
  void begin(caf::local_actor& self) {
    request_ = open_request{self};
    outcome_ = undecided{};
  }

  void decide(push_outcome what) noexcept { outcome_ = what; }
  void decide(result<void> what) noexcept { outcome_ = std::move(what); }

  /// Answers what is decided. Throws: it was not answered, and is still owed
  void give();

  /// Whoever worked on it is gone: what is not decided will not be done.
  void refuse_undecided() noexcept;

private:
  struct undecided {};

  open_request request_;
  std::variant<undecided, push_outcome, result<void>> outcome_;
};

struct queue_cell {
  /// @param seed  see queue_stats
  queue_cell(std::shared_ptr<const std::string> its_name, properties in_force, time_point now,
             std::uint64_t seed)
      : name(std::move(its_name)), machine(std::move(in_force)), stats(now, seed) {}

  queue_cell(const queue_cell&) = delete;
  queue_cell& operator=(const queue_cell&) = delete;

  /// The queue was deleted, or the node stops: what was decided is answered, and whoever waits gets nothing.
  ~queue_cell();

  /// No actor will come to work here for now: what was decided is answered, and everybody who waits hears
  /// why. While no actor works here.
  void refuse_all(const caf::error& why);

  /// While no actor works here, or by that actor.
  queue_report report(time_point now) const;

  /// Actors that began to work here after the first.
  std::uint64_t restarts() const noexcept { return started > 0 ? started - 1 : 0; }

  using promise = guarded_promise<pulled>;

  const std::shared_ptr<const std::string> name;
  queue_machine machine;
  queue_stats stats;
  effects decided;           ///< in order …
  std::size_t performed = 0; ///< … and how many of them have been carried out
  owed_answer owed;
  std::unordered_map<waiter_id, promise> waiting;
  life_sign life;
  std::uint64_t started = 0; ///< actors that began to work here
};

using queue_cell_ptr = std::shared_ptr<queue_cell>;

} // namespace lmq
