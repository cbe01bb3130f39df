// Addresses as people write them: what is taken, what is refused, and with which words.
#define CAF_SUITE host_port

#include "core/host_port.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;

namespace {

/// Whether the text is refused with a sentence that has these words.
bool says(std::string_view text, std::string_view words) {
  auto refused = parse_host_port(text);
  return !refused && refused.error().find(words) != std::string::npos;
}

} // namespace

CAF_TEST(an address is a host and a port) {
  CAF_CHECK(parse_host_port("127.0.0.1:9980") == (host_port{"127.0.0.1", 9980}));
  CAF_CHECK(parse_host_port("localhost:0") == (host_port{"localhost", 0}));
  CAF_CHECK(parse_host_port("[::1]:80") == (host_port{"::1", 80}));
  CAF_CHECK_EQUAL(to_text(*parse_host_port("[::1]:80")), "[::1]:80");
  CAF_CHECK_EQUAL(to_text(*parse_host_port("a.b:65535")), "a.b:65535");
}

CAF_TEST(an address without a host or a port is refused with an example) {
  for (auto text :
       {"", "9980", ":9980", "localhost", "::1:80", "http://localhost:80", "a b:80", "[]:80", "[::1]80"})
    CAF_CHECK(says(text, "127.0.0.1:9980"));
  for (auto text : {"localhost:", "localhost:x", "localhost:65536", "localhost:-1", "localhost:80 "})
    CAF_CHECK(says(text, "port from 0 to 65535"));
}
