// An address as people write it: HOST:PORT.
//
// Plain value and functions; any thread. Nothing is looked up here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace lmq {

/// Where to listen or to connect. The host is an address or a name; it is looked up when it is used.
struct host_port {
  std::string host;
  std::uint16_t port = 0; ///< 0, for a listener: any free port

  friend bool operator==(const host_port&, const host_port&) = default;
};

/// `127.0.0.1:9980`, `localhost:0`, `[::1]:9980`. Errors: a sentence that says how to write it
tl::expected<host_port, std::string> parse_host_port(std::string_view text);

/// As `parse_host_port` takes it.
std::string to_text(const host_port& address);

} // namespace lmq
