// The queues that a page was taken from, for the pages behind it: to find all that match costs more than the
// page itself, and who reads page after page would have it done again for each.
//
// Plain: no clock. Owned by fan_out. Kept for a moment only: it holds handles of queues that may be deleted
// meanwhile, and does not know of those that are made.
#pragma once

#include "actors/messages.hpp"
#include "actors/stats/report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lmq {

class page_list {
public:
  /// How long pages are taken from the same list.
  static constexpr std::chrono::seconds kept_for{1};

  /// The list for a page that stands behind those that were taken from it; nullptr: one is to be made.
  const std::vector<queue_ref>* find(const queue_page_wanted& page, time_point now) {
    if (!kept_ || now >= kept_->until || page.pattern != kept_->pattern || page.offset == 0 ||
        page.offset > kept_->taken)
      return nullptr;
    return &kept_->queues;
  }

  /// The page is taken from these, sorted by name: all that its pattern finds now. Kept until the last page
  /// is taken.
  const std::vector<queue_ref>& keep(const queue_page_wanted& page, std::vector<queue_ref> all,
                                     time_point now) {
    kept_.emplace(list{page.pattern, std::move(all), 0, now + kept_for});
    return kept_->queues;
  }

  /// The page has been taken from the list.
  void taken(const queue_page_wanted& page) {
    if (!kept_)
      return;
    auto end = page.offset + page.limit;
    if (end >= kept_->queues.size())
      return forget();
    kept_->taken = std::max(kept_->taken, end);
  }

  /// When it is to be forgotten; nothing: there is none.
  std::optional<time_point> ends() const { return kept_ ? std::optional{kept_->until} : std::nullopt; }

  /// Forgets it if its time is over.
  void tick(time_point now) {
    if (kept_ && now >= kept_->until)
      forget();
  }

  void forget() noexcept { kept_.reset(); }

private:
  struct list {
    std::string pattern;
    std::vector<queue_ref> queues;
    std::uint64_t taken; ///< up to here pages were taken
    time_point until;
  };

  std::optional<list> kept_;
};

} // namespace lmq
