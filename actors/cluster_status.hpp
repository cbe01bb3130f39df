// What a node tells of its cluster, as plain values: `GET /cluster`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lmq {

/// How a member stands to the node that tells of it.
enum class member_state : std::uint8_t {
  joining, ///< connected, versions are being compared
  syncing, ///< what both hold is being compared, or what one lacks is under way
  in_step, ///< holds all that this node holds; answers wait for it
  leaving, ///< hands over what it holds, or has left and still runs; nobody counts on it
  away,    ///< not heard of
  gone,    ///< has left, or was forgotten
};

constexpr const char* to_text(member_state s) noexcept {
  switch (s) {
  case member_state::joining: return "joining";
  case member_state::syncing: return "syncing";
  case member_state::in_step: return "in_step";
  case member_state::leaving: return "leaving";
  case member_state::away: return "away";
  case member_state::gone: return "gone";
  }
  return "";
}

struct member_report {
  std::string name;
  std::string address; ///< of its cluster port, HOST:PORT; empty: it has not told
  member_state state = member_state::away;
  bool self = false;              ///< it is the node that tells; in_step then means: in a view
  std::uint64_t lag_messages = 0; ///< sent to it, or about to be, and not acknowledged
  std::uint64_t lag_bytes = 0;
};

struct cluster_status {
  std::string node;                   ///< who tells
  bool serving = false;               ///< it is in a view: requests are being answered
  std::string reason;                 ///< why not, in a sentence; empty while serving
  std::vector<member_report> members; ///< by name, the node itself included
};

} // namespace lmq
