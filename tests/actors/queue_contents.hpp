// What a queue machine holds, unit by unit, to be compared with what it should hold. For tests.
#pragma once

#include "actors/queue/queue_machine.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lmq {

/// A unit as it is seen from outside.
struct seen_unit {
  message_id id;
  std::vector<message_id> parts; ///< of a message by itself: its own id
  std::uint32_t deliveries = 0, retries_left = 0;
  bool exhausted = false;
  home_tag home{};  ///< of the latest delivery
  time_point until; ///< end of the lease or the window

  friend bool operator==(const seen_unit&, const seen_unit&) = default;
};

inline std::string to_text(const std::vector<seen_unit>& units) {
  auto name = [](message_id id) {
    return std::to_string(id.incarnation % 1000) + "." + std::to_string(id.counter);
  };
  std::string text;
  for (const auto& u : units) {
    text += " " + name(u.id) + "#" + std::to_string(u.deliveries) + "-" + std::to_string(u.retries_left) +
            (u.exhausted ? "x" : "") + "@" + std::to_string(static_cast<std::uint32_t>(u.home)) + "[";
    for (auto p : u.parts)
      text += " " + name(p);
    text += " ] until " + std::to_string(u.until.time_since_epoch() / std::chrono::milliseconds{1}) + ";";
  }
  return text;
}

struct queue_contents {
  std::vector<seen_unit> ready;                ///< in order
  std::vector<seen_unit> leased, accumulating; ///< by their first part
  std::vector<seen_unit> leaving;              ///< in order

  friend bool operator==(const queue_contents&, const queue_contents&) = default;

  static queue_contents of(const queue_machine& m) {
    queue_contents all;
    for (const auto* index : {&m.ready_, &m.pending_, &m.leaving_})
      for (const auto& [where, e] : *index) {
        seen_unit u{e.id, {}, e.deliveries, e.retries_left, e.exhausted, e.home, time_point{}};
        if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content))
          for (const auto& p : **parts)
            u.parts.push_back(p.id);
        else
          u.parts.push_back(e.id);
        using state = queue_machine::state;
        if (e.is != state::ready)
          u.until = where.at;
        (e.is == state::ready          ? all.ready
         : e.is == state::leased       ? all.leased
         : e.is == state::accumulating ? all.accumulating
                                       : all.leaving)
          .push_back(std::move(u));
      }
    all.sort();
    return all;
  }

  void sort() {
    for (auto* some : {&leased, &accumulating})
      std::sort(some->begin(), some->end(), [](const auto& a, const auto& b) { return a.parts < b.parts; });
  }
};

inline std::string to_text(const queue_contents& c) {
  return "ready:" + to_text(c.ready) + "\n  leased:" + to_text(c.leased) +
         "\n  accumulating:" + to_text(c.accumulating) + "\n  leaving:" + to_text(c.leaving);
}

} // namespace lmq
