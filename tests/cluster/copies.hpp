// For tests of copies: facts in a word, and the comparison of two copies as nodes do it.
#pragma once

#include "cluster/replica.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace lmq::copies {

inline constexpr time_point start{std::chrono::hours{1}};

inline message_id id(std::uint64_t counter) {
  return {1, counter};
}
inline message_id unit(std::uint64_t counter) {
  return {1000, counter};
}
inline message text(message_id of) {
  return {payload::copy_of("text/plain", std::to_string(of.counter)), nullptr};
}

inline facts::put put(message_id m, std::uint32_t retries = 9) {
  return {m, text(m), retries, std::nullopt};
}
inline facts::put put_into(message_id m, message_id window) {
  return {m, text(m), 9, window_place{window, std::chrono::seconds{1}}};
}
inline facts::closed closed(message_id u, std::vector<message_id> parts) {
  return {u, 9, std::move(parts)};
}
inline facts::leased leased(message_id u, std::uint32_t delivery, home_tag home,
                            duration lease = std::chrono::seconds{30}) {
  return {u, delivery, home, lease};
}
inline facts::ended ended(message_id u, std::uint32_t delivery, home_tag home, std::uint32_t retries) {
  return {u, retries, false, false, delivery, home};
}
inline facts::settled settled(std::vector<message_id> ids) {
  return {std::move(ids), facts::settled::cause::ack};
}

inline replica::change apply(replica& r, std::vector<fact> facts) {
  replica::change change;
  r.apply("q", facts, start, change);
  return change;
}

/// Of a unit that is held.
inline delivery_state state(const replica& r, message_id u) {
  for (const auto& record : r.records("q", start))
    if (record.unit == u)
      return record.state;
  return {};
}

/// Of a compound, those that are delivered with it.
inline std::vector<message_id> parts(const replica& r, message_id u) {
  for (const auto& record : r.records("q", start))
    if (record.unit == u)
      return record.parts;
  return {};
}

inline bool equal(const replica& a, const replica& b) {
  auto x = a.sum("q"), y = b.sum("q");
  return x.units == y.units && x.digest == y.digest && a.context() == b.context() && a.ids("q") == b.ids("q");
}

/// What node_comparison.cpp does with two nodes, without the network: each holds afterwards what both held.
/// @returns whether anything was different
inline bool merge(replica& asks, replica& answers) {
  auto asked_with = asks.context();
  auto theirs = answers.records("q", start);
  auto their_context = answers.context();
  replica::change at_asker, at_answerer;
  auto lacks = asks.compare("q", theirs, their_context, start, at_asker);
  auto ours = asks.records("q", start);
  asks.unite(their_context, lacks.theirs_to_come);
  auto lacked = answers.compare("q", ours, asked_with, start, at_answerer);
  answers.unite(asked_with, lacked.theirs_to_come);
  auto to_asker = answers.to_move("q", lacked.to_send, start);
  asks.take("q", to_asker.units, to_asker.messages, start, at_asker);
  auto to_answerer = asks.to_move("q", lacks.to_send, start);
  answers.take("q", to_answerer.units, to_answerer.messages, start, at_answerer);
  return at_asker.any || at_answerer.any;
}

} // namespace lmq::copies
