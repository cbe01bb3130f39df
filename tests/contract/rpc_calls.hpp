// The RPC methods as short calls, and what every answer must be like. Free functions over a client.
#pragma once

#include "tests/contract/contract_case.hpp"
#include "tests/support/rpc_client.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lmq::contract {

/// A connection to the suite's server.
inline rpc_client rpc() {
  return rpc_client{server().rpc_port()};
}

/// What a pull brings: `{"queue","id","type","retry","content"}`.
struct rpc_message {
  std::string queue;
  std::string id;
  std::string type;
  int retry = 0;
  packed content;
};

/// The message in the answer to a pull, or nothing for "empty"; anything else breaks the case off. Looks at
/// all that every message must hold to: five keys in their order, strings that clients of every age can read.
std::optional<rpc_message> message_in(const rpc_answer& answer, here at = here::current());

// Calls that must succeed, or the case breaks off.

void push_ok(rpc_client& client, std::string_view name, const packed& content, here at = here::current());

/// Pulls what is there.
rpc_message pull_ok(rpc_client& client, std::string_view name, here at = here::current());

/// Pushes and pulls from a queue of its own.
rpc_message through_a_queue(rpc_client& client, const packed& content, here at = here::current());

// What an answer must be like.

void expect_result(const rpc_answer& answer, const packed& result, here at = here::current());
void expect_ok(const rpc_answer& answer, here at = here::current());
void expect_empty(const rpc_answer& answer, here at = here::current());

/// This error, a string that clients of every age can read, and no result.
void expect_error(const rpc_answer& answer, std::string_view error, here at = here::current());

} // namespace lmq::contract
