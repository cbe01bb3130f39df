// An HTTP answer as it stood on the wire, and the reader that cuts it out of the bytes received so far.
// Plain values, no socket, no thread.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::testing {

/// The bytes are no HTTP answer.
struct malformed_response : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct http_response {
  std::string version; ///< "HTTP/1.1"
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers; ///< in order, spelled as sent
  std::string body;                                         ///< without the transfer coding
  std::string raw;                                          ///< every byte of the answer

  /// The value of the first header spelled exactly like this: "content-type" doesn't find "Content-Type".
  std::optional<std::string> header(std::string_view exact_name) const;

  /// Whether a header has this name in any spelling.
  bool has_header(std::string_view name) const;

  /// An answer before the answer, like 100 Continue.
  bool is_interim() const { return status >= 100 && status < 200; }
};

struct response_rules {
  bool to_head = false;      ///< the answer to HEAD has no body whatever its headers say
  bool stream_ended = false; ///< no more bytes will come: a body without a length ends here
};

/// Cuts one answer off the front of `buffer`; nothing while it is incomplete.
///
/// Errors: malformed_response
/// Cost:   linear in the answer, from its first byte at each call
std::optional<http_response> take_response(std::string& buffer, response_rules rules);

/// Compares ASCII letters without their case.
bool same_name(std::string_view a, std::string_view b);

} // namespace lmq::testing
