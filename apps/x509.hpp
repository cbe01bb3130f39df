// Certificates as texts (PEM): an authority of a cluster's own, nodes' certificates that it signs, and
// whether such texts belong together.
//
// Plain functions over OpenSSL; any thread. No file is read or written here.
#pragma once

#include "apps/values.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// A certificate with its key.
struct pem_pair {
  std::string certificate;
  std::string key; ///< not encrypted
};

struct x509_limits {
  static constexpr std::size_t days_max = 36'500;
  static constexpr std::size_t days_default = 3'650;
  static constexpr std::size_t name_bytes_max = 64;       ///< of a common name, RFC 5280
  static constexpr std::size_t host_name_bytes_max = 253; ///< of any other name
  static constexpr std::size_t names_max = 32;            ///< of one certificate, addresses included

  /// How far the clocks of nodes may differ: certificates are good from so much before they were made.
  static constexpr std::chrono::hours clock_difference_max{1};
};

/// A certificate authority that signs nothing but nodes' certificates: EC P-256, SHA-256.
checked<pem_pair> make_authority_pem(std::size_t days);

/// A certificate for servers and clients alike, signed by `authority`; good no longer than that is.
///
/// @param name  letters, digits, `.`, `_`, `@` and `-`, at most `name_bytes_max`, or an IPv6 address; an
/// address is
///              one of the certificate's addresses, anything else one of its names
/// @param more  names and addresses that it has besides, each of at most `host_name_bytes_max`
/// Errors: the authority is none, its key is another's, or it has expired
checked<pem_pair> make_node_pem(const pem_pair& authority, const std::string& name, std::size_t days,
                                const std::vector<std::string>& more = {});

/// An IPv4 or IPv6 address as text, without brackets or a zone.
bool is_address(const std::string& text) noexcept;

/// Whether a node with this certificate (others that lead to the authority may follow it) and key is taken
/// for a member by those who trust `authorities`. Errors: a sentence that says which does not fit, and how
checked<void> check_chain(const pem_pair& node, const std::string& authorities);

/// The day on which it ends to be good, as 2034-05-01; empty if it is no certificate.
std::string good_until(const std::string& certificate);

} // namespace lmq
