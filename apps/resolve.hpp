// From a host and a port, as people write them, to the addresses that sockets take.
//
// Plain functions. Bring Asio along: for .cpp files only.
#pragma once

#include "apps/values.hpp"

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <vector>

namespace lmq {

/// All addresses that the system finds for the host, at least one; IPv4 in its own form. Blocks while it
/// looks a name up; numbers take no time.
checked<std::vector<boost::asio::ip::tcp::endpoint>> resolve_all(const host_port& address);

/// The first of them.
checked<boost::asio::ip::tcp::endpoint> resolve(const host_port& address);

} // namespace lmq
