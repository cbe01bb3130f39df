// What clients can ask of the broker, as values: one type for each verb. Strings have ended here, and no
// protocol is known: each has its own way from bytes to one of these.
#pragma once

#include "actors/messages.hpp"
#include "core/host_port.hpp"
#include "core/ids.hpp"
#include "core/properties.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace lmq {

struct push_one {
  std::string queue;
};
struct push_matching {
  std::string pattern;
};
struct pull_one {
  std::string queue;
  wait_time wait;
};
struct pull_matching {
  std::string pattern;
  wait_time wait;
};
struct settle_lease {
  std::string queue;
  lease_id lease;
  verdict what = verdict::ack;
};
struct delete_queue {
  std::string queue;
};
struct get_rules {};
struct put_rules {
  std::vector<rule> rules;
};
struct delete_rules {};
struct get_properties {
  std::string queue;
};
struct patch_properties {
  std::string queue;
  property_set change;
};
struct delete_properties {
  std::string queue;
};
/// Starts a queue that is down.
struct revive_queue {
  std::string queue;
};

// What operators ask of queues.

struct list_queues {
  queue_page_wanted page;
};
struct describe_queue {
  std::string queue;
};
struct purge_queue {
  std::string queue;
};
/// Nothing is delivered from it until it is resumed.
struct pause_queue {
  std::string queue;
};
struct resume_queue {
  std::string queue;
};
struct peek_messages {
  std::string queue;
  std::uint32_t n = peek_limits::messages_default;
};
struct remove_message {
  std::string queue;
  message_id id{};
};

/// Sends dead letters that are ready there back to where they died, so many at most.
struct redrive_queue {
  std::string queue;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};
struct get_stats {};
struct get_health {};
struct get_metrics {};

// Of the cluster that this node belongs to.

struct get_cluster {};
/// Links this node with the one whose cluster port that is.
struct join_cluster {
  host_port address;
};
struct leave_cluster {};
/// Nobody waits for that member any more.
struct forget_member {
  std::string name;
};

// Of this node's disk.

/// Makes a copy of the data directory there.
struct make_backup {
  std::string directory; ///< absolute
};

using request =
  std::variant<get_stats, push_one, push_matching, pull_one, pull_matching, settle_lease, delete_queue,
               get_rules, put_rules, delete_rules, get_properties, patch_properties, delete_properties,
               revive_queue, get_health, get_metrics, get_cluster, join_cluster, leave_cluster, forget_member,
               make_backup, list_queues, describe_queue, purge_queue, pause_queue, resume_queue,
               peek_messages, remove_message, redrive_queue>;

inline bool is_push(const request& what) {
  return std::holds_alternative<push_one>(what) || std::holds_alternative<push_matching>(what);
}

} // namespace lmq
