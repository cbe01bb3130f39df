#include "event_loop/io_unit.hpp"

#include "event_loop/bug.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/logger.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>
#include <ctime>
#include <pthread.h>
#include <string>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace asio = boost::asio;

namespace lmq {

namespace {

/// Asked for every job: exact to a few milliseconds, and cheap.
std::chrono::nanoseconds about_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

thread_local io_unit* current_unit = nullptr;

/// For a job that will not run any more. Ends an actor as a stop of its own would.
///
/// CAF's own way, abstract_coordinator::cleanup_and_release (0.17.6), leaves out on_exit, so that the state
/// of a stateful_actor is never destroyed, and keeps a reference for good to every actor that the end of this
/// one wakes.
void end_and_release(caf::resumable* job) {
  switch (job->subtype()) {
  case caf::resumable::scheduled_actor:
  case caf::resumable::io_actor: {
    auto* actor = static_cast<caf::scheduled_actor*>(job);
    if (!actor->getf(caf::abstract_actor::is_cleaned_up_flag)) {
      actor->on_exit();
      actor->cleanup(caf::make_error(caf::exit_reason::user_shutdown), nullptr);
    }
    break;
  }
  case caf::resumable::unspecified:
  case caf::resumable::function_object: break;
  }
  caf::intrusive_ptr_release(job);
}

} // namespace

// The hint says that one thread runs the context: what that thread posts then needs neither a lock nor a
// wake-up.
io_unit::io_unit(caf::actor_system& system, std::size_t index, io_limits limits)
    : caf::execution_unit(&system),
      index_(index),
      limits_(limits),
      context_(std::make_unique<asio::io_context>(1)),
      messages_per_resume_(limits.messages_per_resume) {}

io_unit::~io_unit() = default;

io_unit* io_unit::current() noexcept {
  return current_unit;
}

bool io_unit::schedule(caf::resumable* job) {
  if (is_current()) {
    ready_.push_back(job);
    drain_soon();
    return true;
  }
  {
    std::lock_guard lock{mutex_};
    if (!closed_) {
      inbox_.push_back(job);
      // Under the lock, so that the context does not go between the look at closed_ and the post.
      if (inbox_.size() == 1)
        asio::post(*context_, [this] { take_inbox(); });
      return true;
    }
  }
  end_and_release(job);
  return false;
}

void io_unit::flush(std::size_t budget) {
  if (!is_current())
    event_loop_bug("io_unit::flush called on another thread");
  // While some are slow, a flush was cut short.
  if (flushing_ || cut_short_ || (ready_.empty() && slow_.empty()) || budget == 0)
    return;
  flushing_ = true;
  bool slow = false;
  const auto begun = about_now();
  auto last = begun;
  auto resume = [&](std::deque<caf::resumable*>& from) {
    auto* job = from.front();
    from.pop_front();
    auto what = job->resume(this, messages_per_resume_);
    auto now = about_now();
    slow = now - std::exchange(last, now) >= limits_.flush_time;
    switch (what) {
    case caf::resumable::resume_later: (slow ? slow_ : ready_).push_back(job); break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message: caf::intrusive_ptr_release(job); break;
    case caf::resumable::shutdown_execution_unit: break; // a private signal of CAF's own workers
    }
  };
  while (!ready_.empty() && budget-- > 0) {
    resume(ready_);
    if (last - begun >= limits_.flush_time)
      break;
  }
  if (!slow && !slow_.empty())
    resume(slow_);
  messages_per_resume_ = slow ? 1 : std::min(2 * messages_per_resume_, limits_.messages_per_resume);
  flushing_ = false;
  // Many sockets may be ready, each with a job that takes long: after one the others have to wait, too.
  if (ready_.empty() && slow_.empty() && !slow)
    return;
  // Another post than that of `drain_soon`, which may stand before the sockets already.
  cut_short_ = true;
  asio::post(*context_, [this] {
    cut_short_ = false;
    flush();
  });
}

void io_unit::drain_soon() {
  if (flushing_ || cut_short_ || drain_posted_)
    return;
  drain_posted_ = true;
  asio::post(*context_, [this] {
    drain_posted_ = false;
    flush();
  });
}

void io_unit::behind_sockets(std::function<void()> what) {
  asio::post(*context_, [this, call = std::move(what)] {
    call();
    flush();
  });
}

void io_unit::take_inbox() {
  {
    std::lock_guard lock{mutex_};
    arriving_.swap(inbox_);
  }
  ready_.insert(ready_.end(), arriving_.begin(), arriving_.end());
  arriving_.clear();
  flush();
}

void io_unit::start() {
  thread_ = std::thread([this] { run(); });
}

void io_unit::run() noexcept {
  current_unit = this;
  pthread_setname_np(pthread_self(), ("lmq-io-" + std::to_string(index_)).c_str());
  CAF_SET_LOGGER_SYS(&system());
  system().thread_started();
  {
    auto stay = asio::make_work_guard(*context_);
    context_->run();
  }
  system().thread_terminates();
  current_unit = nullptr;
}

void io_unit::join() {
  context_->stop();
  thread_.join();
}

void io_unit::close() {
  {
    std::lock_guard lock{mutex_};
    closed_ = true;
    arriving_.swap(inbox_);
  }
  // An actor that ends may wake others; those find the unit closed and are released on the spot.
  ready_.insert(ready_.end(), slow_.begin(), slow_.end());
  slow_.clear();
  for (auto* job : std::exchange(ready_, {}))
    end_and_release(job);
  for (auto* job : std::exchange(arriving_, {}))
    end_and_release(job);
  context_.reset();
}

} // namespace lmq
