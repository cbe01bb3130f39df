#include "metrics/queue_board.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

queue_board::slot::~slot() {
  on_->close(*this);
}

std::shared_ptr<queue_board::slot> queue_board::open(std::shared_ptr<const std::string> name) {
  std::lock_guard lock{mutex_};
  // The place is taken before there is a slot that would give it back.
  slots_.reserve(slots_.size() + 1);
  auto s = std::make_shared<slot>(shared_from_this(), std::move(name), next_number_++);
  slots_.insert(s.get());
  return s;
}

void queue_board::close(const slot& s) noexcept {
  auto last = s.figures_.get();
  std::lock_guard lock{mutex_};
  slots_.erase(&s);
  gone_.counts += last.counts;
  gone_.counts.deleted += last.held();
  gone_.retention += last.retention;
  gone_.restarts += last.restarts;
}

queue_board::snapshot queue_board::read() const {
  snapshot all;
  {
    std::lock_guard lock{mutex_};
    all.gone = gone_;
    all.queues.reserve(slots_.size());
    for (const auto* s : slots_)
      all.queues.push_back({s->name_, s->number_, s->figures_.get()});
  }
  // A queue that was deleted and opened anew may be there twice for a moment, the later one first.
  std::sort(all.queues.begin(), all.queues.end(), [](const row& a, const row& b) {
    return *a.name != *b.name ? *a.name < *b.name : a.number > b.number;
  });
  return all;
}

} // namespace lmq
