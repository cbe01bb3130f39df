// A certificate for a server at 127.0.0.1 that stands for itself: whoever trusts it needs no authority.
// Plain values; made anew for each that asks.
#pragma once

#include <string>

namespace lmq::testing {

struct test_certificate {
  std::string certificate; ///< PEM
  std::string key;         ///< PEM, without a password
};

/// @param name  its common name, to tell it from others
/// Errors: std::runtime_error
test_certificate make_test_certificate(const std::string& name);

} // namespace lmq::testing
