// From a host and a port, as people write them, to the address that sockets take.
//
// Plain function. Brings Asio along: for .cpp files only.
#pragma once

#include "apps/values.hpp"

#include <utility>

#include <boost/asio/ip/tcp.hpp>

namespace lmq {

/// The first address that the system finds for the host. Blocks while it looks a name up; numbers take no
/// time.
checked<boost::asio::ip::tcp::endpoint> resolve(const host_port& address);

} // namespace lmq
