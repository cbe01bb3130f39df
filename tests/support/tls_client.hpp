// An HTTP client over TLS for tests: http_client's requests and answers through OpenSSL, with a certificate
// that must be shown. Holds one connection; owned by a test, used on one thread.
#pragma once

#include "tests/support/http_client.hpp"
#include "tests/support/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace lmq::testing {

struct tls_client_options {
  std::string trusted{}; ///< the PEM of the only certificate that is trusted
  int version_max = 0;   ///< e.g. TLS1_2_VERSION; 0: any
};

class tls_client {
public:
  /// Connects to 127.0.0.1 and shakes hands. Errors: connection_lost, with OpenSSL's words
  tls_client(std::uint16_t port, const tls_client_options& options);

  http_response request(std::string_view method, std::string_view target, const http_headers& headers = {},
                        std::string_view body = {});
  void send(std::string_view method, std::string_view target, const http_headers& headers = {},
            std::string_view body = {});
  void send_raw(std::string_view bytes);
  http_response receive();

  /// Whether the peer says in TLS that it sends no more, and has sent nothing since.
  bool closed_by_peer();

  /// `TLSv1.3`
  std::string version() const;

private:
  /// One read's worth of bytes; 0: the peer has ended, in good order. Errors: connection_lost
  std::size_t read();

  unique_fd socket_;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  std::string received_;
};

} // namespace lmq::testing
