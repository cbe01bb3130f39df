// Where every queue of the node writes its figures, and whoever exports them reads: no actor is asked.
#pragma once

#include "metrics/published.hpp"
#include "metrics/queue_figures.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace lmq {

class queue_board : public std::enable_shared_from_this<queue_board> {
public:
  /// One queue's place. When it goes, what it counted stays in `past`, and what it still held was deleted.
  class slot {
  public:
    slot(std::shared_ptr<queue_board> on, std::shared_ptr<const std::string> name, std::uint64_t number)
        : on_(std::move(on)), name_(std::move(name)), number_(number) {}
    ~slot();
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;

    /// By whoever works on the queue. Cost: some 35 stores
    void publish(const queue_figures& now) noexcept { figures_.set(now); }

  private:
    friend class queue_board;

    const std::shared_ptr<queue_board> on_;
    const std::shared_ptr<const std::string> name_;
    const std::uint64_t number_;
    published<queue_figures> figures_;
  };

  /// Any thread.
  std::shared_ptr<slot> open(std::shared_ptr<const std::string> name);

  struct row {
    std::shared_ptr<const std::string> name;
    std::uint64_t number; ///< another one for each queue that was ever opened, also of the same name
    queue_figures figures;
  };

  /// Of queues that are no more.
  struct past {
    queue_counts counts;
    histogram<retention_bounds> retention;
    std::uint64_t restarts = 0;
  };

  struct snapshot {
    std::vector<row> queues; ///< by name
    past gone;
  };

  /// Any thread; queues that are opened or deleted meanwhile wait for the copying.
  /// Cost: about 0.1 µs a queue, and the sorting
  snapshot read() const;

private:
  void close(const slot& s) noexcept;

  mutable std::mutex mutex_; ///< guards all below
  std::unordered_set<const slot*> slots_;
  std::uint64_t next_number_ = 1;
  past gone_;
};

/// Null where nobody reads.
using queue_slot = std::shared_ptr<queue_board::slot>;

} // namespace lmq
