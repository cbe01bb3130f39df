// Who has figures to tell: whoever exports them asks all.
#pragma once

#include "metrics/families.hpp"

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace lmq::metrics {

/// Any thread.
class sources {
public:
  /// Appends families; called on the exporter's thread, may be called as long as this is there.
  using source = std::function<void(families&)>;

  void add(source one) {
    std::lock_guard lock{mutex_};
    all_.push_back(std::move(one));
  }

  void collect(families& out) const {
    std::lock_guard lock{mutex_};
    for (const auto& one : all_)
      one(out);
  }

private:
  mutable std::mutex mutex_; ///< guards `all_`
  std::vector<source> all_;
};

} // namespace lmq::metrics
