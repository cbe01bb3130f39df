// `lmq cert`: the certificates of a cluster as files in a folder, and whether those that a node is given can
// be used.
//
// Plain functions; main thread. Files are never overwritten. Keys are readable for their owner alone.
#pragma once

#include "apps/exit_code.hpp"
#include "apps/values.hpp"
#include "apps/x509.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// What `lmq cert` is asked to make.
struct certificate_wanted {
  std::string node{};              ///< whose; empty: the cluster's authority itself
  std::vector<std::string> more{}; ///< further names and addresses of the node
  std::string dir = ".";
  std::size_t days = x509_limits::days_default;
};

/// What a certificate and its files may be named after: 1 to 64 letters, digits and `._@-`, of which the
/// first is a letter or a digit; neither `ca` nor anything that ends in `-key`, which are the names of other
/// files. An IPv6 address is taken, too.
checked<std::string> parse_certificate_name(std::string_view text);

/// What else a certificate may be good for: a host's name of 1 to 253 such characters, or an address.
checked<std::string> parse_further_name(std::string_view text);

/// Makes `ca.pem` and `ca-key.pem`, or with the help of those `NODE.pem` and `NODE-key.pem`. What was made is
/// told on `out`, in words for a person. A folder for an authority is made if its parent is there. Errors:
/// `usage`, with one line on `err`: a file is there already, or can't be written or read; none is left half
/// made
exit_code make_certificates(const certificate_wanted& what, std::FILE* out = stdout, std::FILE* err = stderr);

/// Paths of PEM files.
struct tls_paths {
  std::string cert, key, ca;
};

/// Whether other nodes of the cluster would let one in that shows these. Errors: a sentence that names the
/// option
checked<void> check_tls_files(const tls_paths& files);

} // namespace lmq
