// The MessagePack-RPC port as long as nobody serves it: taken, so that nothing else is there, and closed to
// callers.
//
// Holds the listening socket and a thread of its own that accepts and closes. Owned by the node. To be
// deleted, with its .cpp and its test, when MessagePack-RPC is served.
#pragma once

#include "apps/values.hpp"

#include <cstdint>
#include <memory>

namespace lmq {

class rpc_door {
public:
  /// Errors: the address can't be listened at, and why.
  static checked<rpc_door> open(const host_port& address);

  rpc_door(rpc_door&&) noexcept;
  rpc_door& operator=(rpc_door&&) noexcept;
  ~rpc_door();

  std::uint16_t port() const;

private:
  struct state;
  explicit rpc_door(std::unique_ptr<state> s);

  std::unique_ptr<state> state_;
};

} // namespace lmq
