// A running node: the actor system, the broker, and the server of HTTP and MessagePack-RPC, in the order in
// which they need each other.
//
// Holds all of them. Owned by the main thread, which alone calls it.
#pragma once

#include "apps/exit_code.hpp"
#include "apps/settings.hpp"
#include "gateway/admission.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace lmq {

/// Why a node did not start: a sentence, and how the program ends over it.
struct not_started {
  exit_code how = exit_code::usage;
  std::string why;
};

class node {
public:
  /// What was stored is there, and everything listens, when this returns.
  /// Errors: a data directory that can't be used; an address that can't be listened at
  static tl::expected<node, not_started> start(const settings& with, const admission_terms& admission);

  node(node&&) noexcept;
  node& operator=(node&&) noexcept;

  /// Stops it in good order, if `stop` has not.
  ~node();

  std::uint16_t http_port() const;
  /// 0 where MessagePack-RPC is not served.
  std::uint16_t rpc_port() const;
  /// 0 where the node is on its own.
  std::uint16_t cluster_port() const;

  /// For requests and connections that begin from now on.
  void admit_by(const admission_terms& terms);

  /// The server first (waiting pulls are answered), then the actors, then every handle, then the actor
  /// system. Takes as long as `gateway_limits::stop_timeout` where a client does not take its answer.
  void stop();

private:
  struct parts;
  explicit node(std::unique_ptr<parts> p);

  std::unique_ptr<parts> parts_; ///< nullptr once stopped
};

} // namespace lmq
