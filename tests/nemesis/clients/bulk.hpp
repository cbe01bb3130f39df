// Very many messages in or out, as fast as one connection goes: requests in batches, without a ledger.
#pragma once

#include "tests/nemesis/books/ledger.hpp"
#include "tests/nemesis/nodes/network.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::nemesis {

struct numbers {
  number first = 0;
  number count = 0;
};

/// Pushes messages of these numbers to one queue; how many were answered with 200.
/// Errors: connection_lost, timed_out
std::size_t push_many(const network& where, std::size_t node, const std::string& queue, numbers which,
                      std::size_t body_bytes = 100);

/// Takes all out of the queues that match, until nothing comes at once; the leases are left as they are.
///
/// @param regex  percent-encoded
/// Errors: connection_lost, timed_out
std::vector<number> pull_all(const network& where, std::size_t node, std::string_view regex);

} // namespace lmq::nemesis
