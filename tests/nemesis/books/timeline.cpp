// Pauses between moments.
#include "tests/nemesis/books/timeline.hpp"

#include <algorithm>

namespace lmq::nemesis {

void timeline::pushed(std::size_t queue, moment at) {
  std::lock_guard guard{mutex_};
  pushes_[queue].push_back(at);
}

void timeline::delivered(std::size_t queue, moment at) {
  std::lock_guard guard{mutex_};
  deliveries_[queue].push_back(at);
}

void timeline::trouble(const std::string& what) {
  std::lock_guard guard{mutex_};
  ++troubles_[what];
}

void timeline::mark(std::string what, seconds limit, moment at) {
  std::lock_guard guard{mutex_};
  marks_.push_back({std::move(what), limit, at});
}

/// The longest time without a moment between both.
seconds timeline::longest_pause(const moments_by_queue& all, moment from, moment to) {
  seconds longest{0};
  for (const auto& moments : all) {
    auto next = std::upper_bound(moments.begin(), moments.end(), from);
    for (auto begin = from; begin < to; ++next) {
      auto end = next == moments.end() ? to : std::min(*next, to);
      longest = std::max(longest, seconds{end - begin});
      begin = end;
    }
  }
  return longest;
}

std::vector<fault_figures> timeline::faults() const {
  std::lock_guard guard{mutex_};
  std::vector<fault_figures> out;
  for (std::size_t i = 0; i + 1 < marks_.size(); ++i) {
    auto from = marks_[i].at;
    auto to = marks_[i + 1].at;
    out.push_back({marks_[i].what, marks_[i].limit, seconds{since_start(from)},
                   longest_pause(pushes_, from, to), longest_pause(deliveries_, from, to)});
  }
  return out;
}

std::map<std::string, std::size_t> timeline::troubles() const {
  std::lock_guard guard{mutex_};
  return troubles_;
}

} // namespace lmq::nemesis
