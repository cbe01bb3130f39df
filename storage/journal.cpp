#include "storage/journal.hpp"

#include "metrics/published.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

namespace lmq {

namespace {

/// What a batch will take in the log, about: bodies weigh, the rest is estimated.
std::size_t bytes_about(const store_batch& b) {
  std::size_t bytes = 64;
  for (const auto& q : b.queues) {
    for (const auto& m : q.messages)
      bytes += 64 + m.content.content.body().size() + m.content.content.content_type().size();
    for (const auto& u : q.units)
      bytes += 64 + 16 * u.parts.size();
    bytes += 32 * (q.gone_messages.size() + q.gone_units.size());
  }
  for (const auto& [incarnation, intervals] : b.context)
    bytes += 16 * intervals.size();
  for (const auto& [name, text] : b.notes)
    bytes += name.size() + text.size();
  return bytes;
}

} // namespace

struct journal::parts {
  struct waiting {
    store_batch batch;
    std::uint64_t number = 0;
    std::size_t bytes = 0;
  };

  parts(store s, listener l, journal_limits i) : its_store(std::move(s)), told(std::move(l)), limits(i) {}

  void run();
  void write(const std::vector<store_batch>& batches);
  void write_and_sync(const std::vector<store_batch>& batches);
  void fail(const store_error& why);

  store its_store;
  listener told;
  journal_limits limits;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<waiting> queue;
  bool sync_wanted = false; ///< of what is in the queue, and of what was written
  bool stopping = false;

  // Of the thread.
  bool broken = false;
  std::uint64_t last = 0;     ///< batch taken from the queue
  std::size_t not_synced = 0; ///< batches
  figures so_far;
  published<figures> told_so_far;
  std::thread thread;
};

void journal::parts::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || sync_wanted || !queue.empty(); });
    if (queue.empty() && !sync_wanted)
      return;
    std::vector<store_batch> batches;
    for (std::size_t bytes = 0; !queue.empty(); queue.pop_front()) {
      bytes += queue.front().bytes;
      if (!batches.empty() && bytes > limits.batch_bytes_max)
        break;
      batches.push_back(std::move(queue.front().batch));
      last = queue.front().number;
    }
    auto sync = sync_wanted;
    sync_wanted = sync && !queue.empty();
    lock.unlock();
    if (!broken) {
      not_synced += batches.size();
      if (sync && not_synced > 0)
        write_and_sync(batches);
      else if (!sync)
        write(batches);
    }
    lock.lock();
  }
}

void journal::parts::write(const std::vector<store_batch>& batches) {
  if (auto done = its_store.write_ahead(batches); !done)
    fail(done.error());
}

void journal::parts::write_and_sync(const std::vector<store_batch>& batches) {
  auto begun = steady_clock::now();
  if (auto done = its_store.write(batches); !done)
    return fail(done.error());
  so_far.sync_seconds.add(std::chrono::duration<double>(steady_clock::now() - begun).count());
  so_far.batches.add(static_cast<double>(std::exchange(not_synced, 0)));
  told_so_far.set(so_far);
  if (told.stored)
    told.stored(last);
}

void journal::parts::fail(const store_error& why) {
  broken = true;
  if (told.broken)
    told.broken(why);
}

journal::journal(store its_store, listener tell, journal_limits limits)
    : parts_(std::make_unique<parts>(std::move(its_store), std::move(tell), limits)) {
  parts_->thread = std::thread([p = parts_.get()] { p->run(); });
  pthread_setname_np(parts_->thread.native_handle(), "journal");
}

journal::~journal() {
  stop();
}

void journal::write(store_batch batch, std::uint64_t number) {
  auto bytes = bytes_about(batch);
  {
    std::lock_guard lock(parts_->mutex);
    parts_->queue.push_back({std::move(batch), number, bytes});
  }
  parts_->changed.notify_one();
}

void journal::sync() {
  {
    std::lock_guard lock(parts_->mutex);
    parts_->sync_wanted = true;
  }
  parts_->changed.notify_one();
}

void journal::stop() {
  {
    std::lock_guard lock(parts_->mutex);
    parts_->sync_wanted = true;
    parts_->stopping = true;
  }
  parts_->changed.notify_one();
  if (parts_->thread.joinable())
    parts_->thread.join();
}

const store& journal::stored() const noexcept {
  return parts_->its_store;
}

journal::figures journal::so_far() const noexcept {
  return parts_->told_so_far.get();
}

} // namespace lmq
