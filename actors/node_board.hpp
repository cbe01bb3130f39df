// Who belongs to the cluster, as clients are told: written by whoever watches the cluster, read by all who
// answer.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace lmq {

struct node_names {
  std::vector<std::string> active; ///< members in step, this one included
  std::vector<std::string> all;
  std::string waits_for = {}; ///< why this node answers no requests yet, in a sentence; empty: it does
};

/// Holds the names of now. Any thread.
class node_board {
public:
  explicit node_board(node_names names = {}) : names_(std::make_shared<const node_names>(std::move(names))) {}

  void set(node_names names) {
    auto next = std::make_shared<const node_names>(std::move(names));
    std::lock_guard lock{mutex_};
    names_.swap(next);
  }

  /// Stays as it is, whatever is set meanwhile. Never null.
  std::shared_ptr<const node_names> get() const {
    std::lock_guard lock{mutex_};
    return names_;
  }

private:
  mutable std::mutex mutex_; ///< guards `names_`
  std::shared_ptr<const node_names> names_;
};

} // namespace lmq
