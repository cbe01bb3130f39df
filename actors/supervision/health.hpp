// How the node does, as plain values: what `GET /health` tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lmq {

struct health_report {
  /// All parts that every request needs are running. A queue that is down is no reason to be unready: the
  /// others serve.
  bool ready = true;
  /// What is wrong, and what an operator can do: a sentence each, at most `reasons_max`.
  std::vector<std::string> reasons;
  /// Since the node's start, by kind of part: "queue", "registry", "pull_any", "fan_out", "connection".
  std::map<std::string, std::uint64_t> restarts;

  static constexpr std::size_t reasons_max = 20;

  /// A node that waits for its cluster answers no requests, however well its parts are.
  ///
  /// @param why  in a sentence; empty: it does not wait
  void waits(const std::string& why) {
    if (why.empty())
      return;
    ready = false;
    reasons.push_back(why);
  }
};

} // namespace lmq
