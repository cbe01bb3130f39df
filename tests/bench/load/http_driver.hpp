// HTTP dialogues of the closed loop: push, cycle (push, pull, ack) and drain (pull, ack until empty).
// The same code speaks to every HTTP server; a request is built once and sent as it is.
#pragma once

#include "tests/bench/load/dialogue.hpp"
#include "tests/bench/load/socket.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace lmq::bench {

/// A whole HTTP/1.1 request, with the server's token if it has one. A body gets content-type and
/// content-length; a POST always does.
std::string http_request(std::string_view method, std::string_view target, const endpoint& server,
                         std::string_view body = {});

/// The requests for one queue, shared by all connections that use it.
struct queue_requests {
  queue_requests(const endpoint& server, const std::string& queue, std::string_view body);

  std::string push;
  std::string pull;     // t=0: the cycle's own push was answered before, so there is something to pull
  std::string ack_head; // the lease id goes between the two
  std::string ack_tail;
};

using shared_requests = std::shared_ptr<const queue_requests>;

/// A unit is one push, answered with 200.
std::unique_ptr<dialogue> make_push_dialogue(shared_requests requests);

/// A unit is a push, a pull (200) and the ack of what was pulled (204).
std::unique_ptr<dialogue> make_cycle_dialogue(shared_requests requests);

/// A unit is a pull and an ack; exhausted at the first pull that finds nothing.
std::unique_ptr<dialogue> make_drain_dialogue(shared_requests requests);

} // namespace lmq::bench
