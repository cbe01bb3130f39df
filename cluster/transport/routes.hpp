// The addresses that a door keeps links to, how far each has got, and when to try again: a machine.
//
// Every attempt has a number; what comes back from one that is no longer under way finds another number, and
// is ignored. Plain value; one owner, the door.
#pragma once

#include "cluster/transport/transport.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace lmq {

class routes {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Names an attempt.
  struct attempt {
    std::string address; ///< as `address_text` writes it
    std::uint64_t number = 0;
  };

  struct route {
    std::string host;
    std::uint16_t port = 0;
    std::string peer; ///< whose address it is, as of the last link
    enum class state : std::uint8_t { waiting, under_way, linked, our_own } where = state::waiting;
    std::uint64_t linked = 0; ///< the peer's incarnation
    std::uint64_t number = 0; ///< of the attempt
    std::chrono::milliseconds pause = transport_limits::redial_first;
    time_point begun{}; ///< the attempt
  };

  /// @param seed  of the dice that lengthen and shorten pauses
  explicit routes(std::uint64_t seed) : dice_(static_cast<std::minstd_rand::result_type>(seed)) {}

  /// @returns false if it is kept already
  bool keep(const std::string& host, std::uint16_t port);
  void forget(const std::string& host, std::uint16_t port);

  /// Begins an attempt at an address that waits.
  ///
  /// @returns nothing: it is forgotten, or no longer waits
  std::optional<attempt> begin(const std::string& address, time_point now);

  /// The route of an attempt that is under way; nullptr: it is not any more.
  route* find(const attempt& which);

  /// The attempt has failed. @returns how long to wait before `begin`
  std::chrono::milliseconds fail(const attempt& which);

  /// It leads to this node.
  void is_our_own(const attempt& which);

  /// It leads to a link that stands.
  void link(const attempt& which, const transport_peer& to);

  /// A link stands that came otherwise: an address that waits need not be dialled if it is the peer's.
  void link_those_of(const transport_peer& peer);

  struct redial {
    std::string address;
    std::chrono::milliseconds after; ///< at once, unless the last attempt is as young as the first pause
  };

  /// A link is lost: what led to it waits for `begin` again.
  std::vector<redial> unlink(std::uint64_t peer, time_point now);

private:
  static void set_linked(route& r, const transport_peer& to);

  std::map<std::string, route> all_;
  std::minstd_rand dice_;
};

} // namespace lmq
