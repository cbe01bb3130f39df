// What suites about RPC sessions, and about sessions that break, share: a server, with the real broker or one
// that follows a plan, and what is in an answer.
#pragma once

#include "tests/gateway/fake_broker.hpp"
#include "tests/gateway/running_server.hpp"

#include <caf/test/unit_test.hpp>

#include <memory>
#include <string_view>

namespace lmq::test {

/// The value of that key in the message that a pull has brought.
inline testing::packed in_message(const testing::rpc_answer& answer, std::string_view key) {
  for (const auto& [name, value] : answer.result.members())
    if (name == testing::packed{key})
      return value;
  CAF_FAIL("the message has no such key");
}

inline bool is_empty(const testing::rpc_answer& answer) {
  return !answer.is_error() && answer.result == testing::packed{"empty"};
}

struct rpc_fixture {
  std::shared_ptr<script> plan = std::make_shared<script>();

  /// Queues follow the plan.
  running_server serve(gateway_limits limits = {}) const {
    return running_server{limits, [&](caf::actor_system& system) {
                            broker parts;
                            parts.registry = system.spawn<fake_registry>(plan, false);
                            return parts;
                          }};
  }
};

} // namespace lmq::test
