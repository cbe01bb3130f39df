// A node's certificate and whom it trusts, ready for connections.
//
// Made once at the start; each connection takes its session from it. TLS 1.3 alone: both ends are this
// program.
#pragma once

#include "cluster/transport/transport.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <tl/expected.hpp>

struct ssl_ctx_st;
struct ssl_st;

namespace lmq {

/// What OpenSSL has to say about the last failure on this thread, in short; its queue is empty then.
std::string take_openssl_reason();

class tls_context {
public:
  /// Errors: a sentence: a file that can't be read, a key of another certificate
  static tl::expected<std::shared_ptr<tls_context>, std::string> load(const tls_files& files);

  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  /// A session for a connected socket, which stays the caller's. nullptr: memory has run out.
  ssl_st* new_session(int fd, bool accepted) const;

  /// Logs that a connection was refused; at most one line a second, so that a port scanner does not fill the
  /// disk. On the middleman's thread.
  void log_refused(const std::string& from, const std::string& why);

private:
  explicit tls_context(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
  std::chrono::steady_clock::time_point next_line_{};
  std::size_t unsaid_ = 0;
};

} // namespace lmq
