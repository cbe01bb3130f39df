// The thread that writes: takes what has come as one, syncs when it is asked to, says so.
//
// Batches are written while more of a burst is read, and what came while a sync ran waits for the next one:
// so answers wait for one sync or two, however many there are, and there is no timer. Holds the store. Owned
// by the wiring of the node; `write` and `sync` may be called on any thread.
#pragma once

#include "metrics/histogram.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lmq {

struct journal_limits {
  /// Bodies of one write to the disk, about; more waits for the next one. Units: bytes
  std::size_t batch_bytes_max = 16UL * 1024 * 1024;
};

class journal {
public:
  /// Called on the journal's thread.
  struct listener {
    /// All batches up to that number are on the disk.
    std::function<void(std::uint64_t number)> stored;
    /// The disk failed: nothing more will be stored, and nothing that is not stored may be answered. Once.
    std::function<void(const store_error& why)> broken;
  };

  journal(store its_store, listener tell, journal_limits limits = {});
  journal(journal&&) = delete;

  /// Stops, if `stop` has not.
  ~journal();

  /// Takes a batch; never blocks for the disk. It is told as stored some time after the next `sync`.
  /// @param number  greater than any before it
  void write(store_batch batch, std::uint64_t number);

  /// What has come is wanted on the disk now; never blocks for it.
  void sync();

  /// Writes what has come, syncs it, and ends the thread.
  void stop();

  const store& stored() const noexcept;

  /// Since the start.
  struct figures {
    histogram<sync_bounds> sync_seconds; ///< of each sync, with the write it ends
    histogram<batch_bounds> batches;     ///< that each of them has made safe
  };
  /// Any thread.
  figures so_far() const noexcept;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace lmq
