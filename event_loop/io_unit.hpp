// One I/O thread as CAF sees it: an execution unit with an io_context and a run queue of its own.
//
// Holds the actors that are ready to run on this thread. Its thread alone takes from the run queue; jobs from
// other threads come through an inbox that wakes it once a burst. Owned by the coordinator, which also starts
// the thread; it stays (closed) until the coordinator goes, so that late senders find somebody who refuses.
//
// An I/O handler ends with `flush()`: the actors it woke run there and then, without a system call or a lock.
#pragma once

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace lmq {

/// How long actors may keep an I/O thread from its sockets. One message may take longer than `flush_time`: a
/// body that is read from the disk, say. So few are given to an actor at a time, and as long as one of them
/// shows to be slow one alone, behind all that others have to do.
struct io_limits {
  std::size_t jobs_per_flush = 512;        ///< actors resumed before the sockets get their turn …
  std::chrono::milliseconds flush_time{5}; ///< … or until then, whichever comes first
  std::size_t messages_per_resume = 8;     ///< messages one actor takes before the next one runs
};

class io_unit final : public caf::execution_unit {
public:
  io_unit(caf::actor_system& system, std::size_t index, io_limits limits);
  ~io_unit() override;

  io_unit(const io_unit&) = delete;
  io_unit& operator=(const io_unit&) = delete;

  /// The unit whose thread is calling; nullptr on any other thread.
  static io_unit* current() noexcept;

  /// True if the caller is on this unit's thread.
  bool is_current() const noexcept { return current() == this; }

  /// What sockets and timers of this thread are made with. Gone once the coordinator has stopped.
  boost::asio::io_context& context() noexcept { return *context_; }

  /// 0 … threads - 1.
  std::size_t index() const noexcept { return index_; }

  const io_limits& limits() const noexcept { return limits_; }

  /// Runs `job` on this unit's thread, soon. Any thread. Takes over one reference.
  ///
  /// @returns false if the unit is closed; an actor is then ended, and the job released
  bool schedule(caf::resumable* job);

  /// The same, for CAF. Pass the unit as `host` to an actor's `enqueue` and what it wakes runs on this
  /// thread.
  void exec_later(caf::resumable* job) override { schedule(job); }

  /// Resumes what is ready, at most `limits().jobs_per_flush` jobs and about as long as
  /// `limits().flush_time`; what is left goes behind the sockets that are ready, and until then nobody's call
  /// does anything, nor does one from within a job. The last call of every I/O handler. Own thread only.
  void flush() { flush(limits_.jobs_per_flush); }
  void flush(std::size_t budget);

  /// Calls `what` when the sockets and timers that are ready now have had their turn: what they all bring can
  /// be done as one. Own thread only.
  void behind_sockets(std::function<void()> what);

  // -- for the coordinator ----------------------------------------------------------------------------------

  /// Starts the thread. An exception out of an Asio handler ends the process by std::terminate, with its text
  /// and the handler's stack: a thread that quietly stopped would leave half of the connections hanging.
  void start();

  /// Leaves the event loop and joins the thread. Handlers and jobs that have not run are kept for `close`.
  void join();

  /// Refuses jobs from now on, releases those that have not run, then destroys the io_context with its
  /// pending handlers. After `join`. The clock must still be there: actors that end here ask it to forget
  /// their timeouts. Units close in the order of their index, so a handler may own sockets of its own thread
  /// and of later ones.
  void close();

private:
  void run() noexcept;
  void take_inbox();
  void drain_soon();

  const std::size_t index_;
  const io_limits limits_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::thread thread_;

  // Own thread only.
  std::deque<caf::resumable*> ready_;
  std::deque<caf::resumable*>
    slow_; ///< had a slow message and have more: one of them a flush, behind the others
  std::vector<caf::resumable*> arriving_; ///< the inbox's other buffer
  std::size_t messages_per_resume_;       ///< now; fewer where one was slow
  bool flushing_ = false;
  bool cut_short_ = false; ///< a flush has left some: nobody flushes before the sockets had their turn
  bool drain_posted_ = false;

  std::mutex mutex_; ///< guards what follows
  std::vector<caf::resumable*> inbox_;
  bool closed_ = false;
};

} // namespace lmq
