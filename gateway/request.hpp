// What clients can ask over HTTP, as values: one type for each verb. Strings have ended here.
#pragma once

#include "actors/messages.hpp"
#include "core/ids.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace lmq {

/// How a compound's parts are put into one body (`cf`).
enum class compound_format { multipart, msgpack };

/// How a pull is served.
struct pull_options {
  wait_time wait;
  compound_format format = compound_format::multipart;
};

struct push_one {
  std::string queue;
};
struct push_matching {
  std::string pattern;
};
struct pull_one {
  std::string queue;
  pull_options how;
};
struct pull_matching {
  std::string pattern;
  pull_options how;
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
struct put_rules {};
struct delete_rules {};
struct get_properties {
  std::string queue;
};
struct patch_properties {
  std::string queue;
};
struct delete_properties {
  std::string queue;
};
struct get_stats {};
struct get_openapi {};
/// OPTIONS: which methods a route has.
struct get_options {
  std::string_view allow; ///< a literal
};

using request = std::variant<get_openapi, push_one, push_matching, pull_one, pull_matching, settle_lease,
                             delete_queue, get_rules, put_rules, delete_rules, get_properties,
                             patch_properties, delete_properties, get_stats, get_options>;

} // namespace lmq
