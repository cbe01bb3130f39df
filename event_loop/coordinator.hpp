// CAF's scheduler on Asio threads: actors run where their requests are read and their answers written.
//
// Holds one `io_unit` a thread and the clock. Owned by the actor system, which starts and stops it. Actors
// have no home thread: one runs on the thread that woke it, and CAF sees to it that it runs on one at a time.
//
// Order of stopping, for who builds on it: the HTTP side (`on_each` closes what lives on the threads), the
// actors, every handle, the actor system. A handle that outlives the system is a use after free.
#pragma once

#include "event_loop/clock.hpp"
#include "event_loop/io_unit.hpp"

#include <caf/scheduler/abstract_coordinator.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace lmq {

/// The cores less one, at least 1: one thread fills a core, and whoever asks needs one, too.
std::size_t default_io_threads() noexcept;

struct coordinator_options {
  std::size_t threads = default_io_threads();
  io_limits limits;
};

class coordinator final : public caf::scheduler::abstract_coordinator {
public:
  coordinator(caf::actor_system& system, const coordinator_options& options);
  ~coordinator() override;

  /// The coordinator of a system that was made with `install_coordinator`; a bug (abort) with any other.
  static coordinator& of(caf::actor_system& system);

  std::size_t size() const noexcept { return units_.size(); }

  /// @param index  0 … size() - 1
  io_unit& unit(std::size_t index) noexcept { return *units_[index]; }

  /// Calls `fun` on every unit's thread, one after the other, and returns when the last call has. Not from an
  /// I/O thread: it would wait for itself. To set up and to take down what lives on the threads.
  void on_each(const std::function<void(io_unit&)>& fun);

  // -- caf::scheduler::abstract_coordinator -----------------------------------------------------------------

  /// Any thread. From an I/O thread: to its own unit; from elsewhere: to each unit in turn.
  void enqueue(caf::resumable* job) override;

  caf::actor_clock& clock() noexcept override { return *clock_; }

  void init(caf::actor_system_config& config) override;
  void start() override;

  /// Joins the threads, releases what has not run, destroys the io_contexts with their handlers. After that
  /// every job is only ended and released.
  void stop() override;

private:
  const coordinator_options options_;
  std::vector<std::unique_ptr<io_unit>> units_;
  std::unique_ptr<lmq::clock> clock_;
};

/// Makes every actor system built from `config` run its actors on `options.threads` I/O threads. CAF's own
/// settings `scheduler.policy`, `scheduler.max-threads` and `scheduler.max-throughput` have no effect then.
void install_coordinator(caf::actor_system_config& config, coordinator_options options = {});

} // namespace lmq
