// When each queue answered a push, when it delivered, and what was done to the cluster: from these, the
// longest time without service after each fault. Owned by the scenario, shared by all clients' threads.
#pragma once

#include "tests/nemesis/books/moment.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace lmq::nemesis {

inline constexpr seconds no_limit{std::numeric_limits<double>::infinity()};

struct fault_figures {
  std::string what;
  seconds limit{};            ///< what was promised of without_push
  seconds at{};               ///< since the program's start
  seconds without_push{};     ///< the longest time in which some queue answered no push
  seconds without_delivery{}; ///< and delivered nothing
};

class timeline {
public:
  explicit timeline(std::size_t queues) : pushes_(queues), deliveries_(queues) {}

  void pushed(std::size_t queue, moment at);

  void delivered(std::size_t queue, moment at);

  /// Something that was refused, lost or late, by a short name: it is counted.
  void trouble(const std::string& what);

  /// A fault, or its end, or the end of the load: begins the time that is looked at after it.
  ///
  /// @param limit  what is promised of the longest time without an answered push, until the next mark
  void mark(std::string what, seconds limit, moment at);

  /// For each mark but the last.
  std::vector<fault_figures> faults() const;

  std::map<std::string, std::size_t> troubles() const;

private:
  struct point {
    std::string what;
    seconds limit;
    moment at;
  };

  using moments_by_queue = std::vector<std::vector<moment>>;

  static seconds longest_pause(const moments_by_queue& all, moment from, moment to);

  mutable std::mutex mutex_;
  moments_by_queue pushes_;
  moments_by_queue deliveries_;
  std::map<std::string, std::size_t> troubles_;
  std::vector<point> marks_;
};

} // namespace lmq::nemesis
