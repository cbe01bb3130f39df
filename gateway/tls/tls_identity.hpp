// A server's certificate and key, ready for connections.
//
// Made at the start and whenever the files are read again; connections that have begun keep the one that they
// began with. Any thread.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

struct ssl_ctx_st;
struct ssl_st;

namespace lmq {

/// Paths of PEM files.
struct tls_identity_files {
  std::string certificate; ///< those that lead to its authority may follow it
  std::string key;         ///< without a password
};

/// What OpenSSL has to say about the last failure on this thread, in short; its queue is empty then.
std::string take_tls_reason();

class tls_identity {
public:
  /// Errors: a sentence: a file that can't be read, a key of another certificate
  static tl::expected<std::shared_ptr<const tls_identity>, std::string> load(const tls_identity_files& files);

  ~tls_identity();
  tls_identity(const tls_identity&) = delete;
  tls_identity& operator=(const tls_identity&) = delete;

  /// The server's end of a connection, without a socket yet. nullptr: memory has run out.
  ssl_st* new_session() const;

private:
  explicit tls_identity(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
};

} // namespace lmq
