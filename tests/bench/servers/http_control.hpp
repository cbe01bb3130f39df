// Single HTTP requests for what surrounds a measurement: statistics, deleting a queue, settings.
// Blocking, a connection each; never on the measured path.
#pragma once

#include "tests/bench/load/socket.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lmq::bench {

struct control_answer {
  int status = 0;
  std::string body;
};

/// Sends one request; nothing if there was no whole answer within `seconds_max`.
/// Errors: interrupted
std::optional<control_answer> ask(const endpoint& server, std::string_view method, std::string_view target,
                                  std::string_view body = {}, int seconds_max = 30);

/// Deletes a queue of LMQ with all it holds; absent is fine. Errors: std::runtime_error
void delete_queue(const endpoint& server, const std::string& name);

/// `size` of a queue in GET /stats; 0 if there is no such queue. Errors: std::runtime_error
std::uint64_t queue_size(const endpoint& server, const std::string& name);

} // namespace lmq::bench
